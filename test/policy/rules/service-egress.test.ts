import { expect, test } from "vitest";
import { serviceEgress } from "../../../policy/rules/service-egress";
import { messages, UNKNOWN } from "../harness";
import { soundJob, soundService, soundServiceV1 } from "../services";

const volumes = [{ name: "cloudsql", cloudSqlInstance: { instances: [UNKNOWN] } }];
const sending = (egress: unknown, pod: Record<string, unknown> = { volumes }) =>
  messages(serviceEgress, soundService({ pod: { vpcAccess: { connector: UNKNOWN, egress }, ...pod } }));
const FAULT = "all-traffic with the public Cloud SQL socket is what broke staging: every dial fails after about 34 s";

test("accepts private ranges, Cloud Run's default", async () => {
  for (const egress of ["PRIVATE_RANGES_ONLY", undefined, null, ""]) expect(await sending(egress)).toEqual([]);
});

test("leaves all traffic without the socket to the rule on the whole stack", async () => {
  expect(await sending("ALL_TRAFFIC", {})).toEqual([]);
});

test("refuses all traffic together with the socket", async () => {
  expect(await sending("ALL_TRAFFIC")).toEqual([
    `'template.vpcAccess.egress' (ALL_TRAFFIC) must be PRIVATE_RANGES_ONLY because ${FAULT}; set 'template.vpcAccess.egress' to PRIVATE_RANGES_ONLY`,
  ]);
  expect(await messages(serviceEgress, soundJob({ pod: { volumes, vpcAccess: { connector: UNKNOWN, egress: "ALL_TRAFFIC" } } }))).toHaveLength(1);
});

test("reads a v1 service's annotations", async () => {
  const key = "run.googleapis.com/vpc-access-egress";
  const socket = { "run.googleapis.com/cloudsql-instances": "netra-staging:us-central1:staging-shared-postgres" };
  for (const egress of ["all-traffic", "all"])
    expect(await messages(serviceEgress, soundServiceV1({ annotations: { ...socket, [key]: egress } }))).toEqual([
      `'template.metadata.annotations.${key}' (${egress}) must be private-ranges-only because ${FAULT}; set 'template.metadata.annotations.${key}' to private-ranges-only`,
    ]);
});

test("reports what it cannot evaluate", async () => {
  expect(await sending(UNKNOWN)).toEqual([
    "cannot evaluate: 'template.vpcAccess.egress' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await sending("SOME_TRAFFIC", {})).toEqual(["cannot evaluate: template.vpcAccess.egress must be private-ranges-only or all-traffic"]);
});
