import { expect, test } from "vitest";
import { serviceSecretVersions } from "../../../../policy/rules/service/service-secret-versions";
import { messages, UNKNOWN } from "../../harness";
import { soundJob, soundService, soundServiceV1, soundWorkerPool } from "../../services";

const pinned = (version: unknown) => ({
  JWT_SECRET_KEY: { valueSource: { secretKeyRef: { secret: "jwt-secret-staging", version } } },
});
const taken = (version: unknown) => messages(serviceSecretVersions, soundService({ variables: pinned(version) }));
const refused = (setting: string, value: string) =>
  `'${setting}' (${value}) must be the number of a version because anything else resolves to another secret at every start, or to none; set '${setting}' to a version's number such as "1"`;
const JWT = "template.containers[0].envs[JWT_SECRET_KEY].valueSource.secretKeyRef.version";

test("accepts a version's number", async () => {
  for (const version of ["1", "42", 1]) expect(await taken(version)).toEqual([]);
});

test("refuses latest, 0 and no version at all", async () => {
  for (const version of ["latest", "0"]) expect(await taken(version)).toEqual([refused(JWT, version)]);
  for (const absent of [undefined, null]) expect(await taken(absent)).toEqual([refused(JWT, "not set")]);
  expect(await taken("")).toEqual([refused(JWT, "empty")]);
});

test("refuses any other text and does not repeat it", async () => {
  for (const odd of ["LATEST", "v1", "-1", "1.5", "01", "hunter2"])
    expect(await taken(odd)).toEqual([refused(JWT, "no number")]);
});

test("does not need to know which secret it is", async () => {
  const unknownSecret = { JWT_SECRET_KEY: { valueSource: { secretKeyRef: { secret: UNKNOWN, version: "1" } } } };
  expect(await messages(serviceSecretVersions, soundService({ variables: unknownSecret }))).toEqual([]);
});

test("reads every kind of workload", async () => {
  for (const declare of [soundJob, soundWorkerPool])
    expect(await messages(serviceSecretVersions, declare({ variables: pinned("latest") }))).toHaveLength(1);
  const v1 = soundServiceV1({
    variables: { JWT_SECRET_KEY: { valueFrom: { secretKeyRef: { name: "jwt-secret-staging", key: "latest" } } } },
  });
  expect(await messages(serviceSecretVersions, v1)).toEqual([
    refused("template.spec.containers[0].envs[JWT_SECRET_KEY].valueFrom.secretKeyRef.key", "latest"),
  ]);
});

test("judges secrets that are mounted as files", async () => {
  const mounted = (secret: object) =>
    messages(serviceSecretVersions, soundService({ pod: { volumes: [{ name: "keys", secret }] } }));
  expect(await mounted({ secret: "keys", items: [{ path: "key.pem", version: "3" }] })).toEqual([]);
  expect(await mounted({ secret: "keys", items: [{ path: "key.pem", version: "latest" }] })).toEqual([
    refused("template.volumes[0].secret.items[0].version", "latest"),
  ]);
  expect(await mounted({ secret: "keys" })).toEqual([
    refused("template.volumes[0].secret.items[0].version", "not set"),
  ]);
});

test("accepts the number of a version that is yet to be made: an output, which is judged once it is known", async () => {
  expect(await taken(UNKNOWN)).toEqual([]);
  const volumes = [
    { name: "keys", secret: { secret: "jwt-secret-staging", items: [{ path: "key", version: UNKNOWN }] } },
  ];
  expect(await messages(serviceSecretVersions, soundService({ pod: { volumes } }))).toEqual([]);
});

test("reports what it cannot evaluate, and goes on with the other variables", async () => {
  const variables = {
    ...pinned({ number: 1 }),
    SECRET_KEY: { valueSource: { secretKeyRef: { secret: "secret-key-staging", version: "latest" } } },
  };
  expect(await messages(serviceSecretVersions, soundService({ variables }))).toEqual([
    "cannot evaluate: template.containers[0].envs[8].valueSource.secretKeyRef.version must be a text",
    refused("template.containers[0].envs[SECRET_KEY].valueSource.secretKeyRef.version", "latest"),
  ]);
});
