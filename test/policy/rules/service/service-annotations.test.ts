import { expect, test } from "vitest";
import { serviceAnnotations } from "../../../../policy/rules/service/service-annotations";
import { messages, UNKNOWN } from "../../harness";
import { soundServiceV1 } from "../../services";

const onService = (annotations: unknown) =>
  messages(serviceAnnotations, soundServiceV1({ properties: { metadata: { annotations } } }));
const onRevision = (annotations: Record<string, unknown>) =>
  messages(serviceAnnotations, soundServiceV1({ annotations }));
const refused = (from: string, to: string, name: string, value: string) =>
  `'${from}.${name}' (${value}) must be in '${to}' because Cloud Run takes this annotation nowhere else and refuses the deploy; move it there`;
const SERVICE = "metadata.annotations";
const REVISION = "template.metadata.annotations";

test("accepts every annotation at its own level, and those of others", async () => {
  expect(
    await onRevision({ "run.googleapis.com/cloudsql-instances": "p:r:i", "client.knative.dev/user-image": "image" }),
  ).toEqual([]);
  for (const annotations of [
    undefined,
    {},
    { "run.googleapis.com/ingress": "internal", "run.googleapis.com/maxScale": "3" },
    { "netra.ai/owner": "backend" },
  ])
    expect(await onService(annotations)).toEqual([]);
  // Both levels take it.
  expect(await onService({ "run.googleapis.com/client-name": "terraform" })).toEqual([]);
  expect(await onRevision({ "run.googleapis.com/client-name": "terraform" })).toEqual([]);
});

test("refuses the revision's annotations on the service", async () => {
  for (const name of [
    "run.googleapis.com/vpc-access-connector",
    "run.googleapis.com/vpc-access-egress",
    "run.googleapis.com/cloudsql-instances",
    "run.googleapis.com/network-interfaces",
    "run.googleapis.com/sessionAffinity",
    "autoscaling.knative.dev/maxScale",
  ])
    expect(await onService({ [name]: "value" })).toEqual([refused(SERVICE, REVISION, name, "value")]);
  const name = "run.googleapis.com/vpc-access-connector";
  expect(await onService({ [name]: UNKNOWN })).toEqual([refused(SERVICE, REVISION, name, "not known at preview")]);
});

test("refuses the service's annotations on the revision", async () => {
  for (const name of [
    "run.googleapis.com/ingress",
    "run.googleapis.com/launch-stage",
    "run.googleapis.com/minScale",
    "run.googleapis.com/maxScale",
  ])
    expect(await onRevision({ [name]: "value" })).toEqual([refused(REVISION, SERVICE, name, "value")]);
});

test("reports what it cannot evaluate", async () => {
  expect(await onService(UNKNOWN)).toEqual([
    "cannot evaluate: 'metadata.annotations' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await onService({ "run.googleapis.com/secrets": 1 })).toEqual([
    "cannot evaluate: metadata.annotations.run.googleapis.com/secrets must be a text",
  ]);
});
