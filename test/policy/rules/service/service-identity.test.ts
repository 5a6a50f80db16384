import { expect, test } from "vitest";
import { serviceIdentity } from "../../../../policy/rules/service/service-identity";
import { messages, UNKNOWN } from "../../harness";
import { soundJob, soundService, soundServiceV1, soundWorkerPool } from "../../services";

const as = (serviceAccount: unknown) => messages(serviceIdentity, soundService({ pod: { serviceAccount } }));
const refused = (value: string, because: string) =>
  `'template.serviceAccount' (${value}) must be a dedicated service account's address because ${because}; set 'template.serviceAccount' to an address like netra-backend-staging@PROJECT.iam.gserviceaccount.com`;
const ABSENT = "the workload otherwise runs as the project's default account, or not at all";
const SHARED = "every workload of the project shares this account, and it may do nearly everything";

test("accepts an account of its own", async () => {
  expect(await as("netra-backend@netra-staging.iam.gserviceaccount.com")).toEqual([]);
  expect(await as("netra-backend@staging.example.com.iam.gserviceaccount.com")).toEqual([]); // a domain-scoped project
});

test("refuses a workload without one", async () => {
  for (const absent of [undefined, null, ""]) expect(await as(absent)).toEqual([refused("not set", ABSENT)]);
});

test("refuses the accounts that Google makes for everybody", async () => {
  for (const shared of [
    "123456789012-compute@developer.gserviceaccount.com",
    "netra-staging@appspot.gserviceaccount.com",
    "123456789012@cloudbuild.gserviceaccount.com",
  ])
    expect(await as(shared)).toEqual([refused(shared, SHARED)]);
});

test("refuses what is no address, and does not repeat it", async () => {
  for (const odd of ["backend", "someone@example.com", "x@netra-staging.iam.gserviceaccount.com", "hunter2 hunter2"])
    expect(await as(odd)).toEqual([refused("no service account's address", ABSENT)]);
});

test("reads every kind of workload", async () => {
  expect((await messages(serviceIdentity, soundJob({ pod: { serviceAccount: undefined } })))[0]).toMatch(
    /^'template\.template\.serviceAccount' \(not set\)/,
  );
  expect((await messages(serviceIdentity, soundWorkerPool({ pod: { serviceAccount: "" } })))[0]).toMatch(
    /^'template\.serviceAccount' \(not set\)/,
  );
  expect((await messages(serviceIdentity, soundServiceV1({ pod: { serviceAccountName: null } })))[0]).toMatch(
    /^'template\.spec\.serviceAccountName' \(not set\)/,
  );
});

test("judges the account even where the containers are unknown", async () => {
  expect(await messages(serviceIdentity, soundService({ pod: { containers: UNKNOWN } }))).toEqual([]);
});

test("accepts the address of an account that is yet to be made: an output, which is judged once it is known", async () => {
  expect(await as(UNKNOWN)).toEqual([]);
});

test("reports what it cannot evaluate", async () => {
  expect(await as({ email: "x" })).toEqual(["cannot evaluate: template.serviceAccount must be a text"]);
});
