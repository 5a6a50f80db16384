import { describe, expect, test } from "vitest";
import { databaseClientsCounted } from "../../../policy/rules/database-clients-counted";
import { type Declared, judgeStack, UNKNOWN } from "../harness";
import { soundDatabase, soundJob, soundService } from "../services";

const judge = (resources: readonly Declared[], config?: object) => judgeStack(databaseClientsCounted, resources, config);
const fn = (properties: Record<string, unknown>, dependsOn: string[] = []): Declared => ({
  type: "gcp:cloudfunctionsv2/function:Function",
  name: "exporter",
  properties,
  dependsOn,
});

test("accepts Cloud Run's workloads, and functions that use no database", async () => {
  const other = fn({ serviceConfig: { environmentVariables: { LOG_LEVEL: "info" } } }, ["backend"]);
  expect(await judge([soundDatabase(), soundService({ dependsOn: ["database"] }), soundJob(), other])).toEqual([]);
  expect(await judge([fn({ serviceConfig: null, environmentVariables: UNKNOWN })])).toEqual([]);
});

describe("cannot evaluate", () => {
  const message =
    "cannot evaluate: exporter uses a database, and how many connections it holds is not read from a resource of its type; count them in 'reservedConnections' of connection-budget and waive this rule for it, or run it on Cloud Run";

  test.each([
    ["a function that is told the address", fn({ serviceConfig: { environmentVariables: { POSTGRES_HOST: UNKNOWN } } })],
    ["one that takes the URL from a secret", fn({ serviceConfig: { secretEnvironmentVariables: [{ key: "DATABASE_URL", secret: "url" }] } })],
    ["one that depends on the instance", fn({}, ["database"])],
    ["one of the first generation", { ...fn({ environmentVariables: { DB_POOL_SIZE: "5" } }), type: "gcp:cloudfunctions/function:Function" }],
    ["an App Engine version", { ...fn({ envVariables: { INSTANCE_CONNECTION_NAME: "x" } }), type: "gcp:appengine/flexibleAppVersion:FlexibleAppVersion" }],
  ])("%s", async (_, resource) => {
    expect(await judge([soundDatabase(), resource])).toEqual([{ message, resource: "exporter", waived: false }]);
  });

  test("a Cloud Run workload that is handed an output of the database under a name that says nothing", async () => {
    const variables = { POSTGRES_HOST: undefined, DB_POOL_SIZE: undefined, WHERE: UNKNOWN };
    const job: Declared = { ...soundJob({ variables }), handed: ["database"] };
    expect(await judge([soundDatabase(), job])).toEqual([
      {
        message:
          "cannot evaluate: netra-migrations-staging is handed an output of database, and no variable that is known here says that it connects; name the address POSTGRES_HOST beside the plan's variables, or waive this rule for it if it holds no connection",
        resource: "migrations",
        waived: false,
      },
    ]);
    expect(await judge([soundDatabase(), soundJob({ variables, dependsOn: ["database"] }), { ...soundService(), handed: ["database"] }])).toEqual([]);
  });

  test("one whose configuration is malformed", async () => {
    expect((await judge([fn({ serviceConfig: "none" })])).map((f) => f.message)).toEqual(["cannot evaluate: serviceConfig must be an object"]);
  });

  test("unless it is counted elsewhere, and waived with that reason", async () => {
    const waivers = [{ resource: "exporter", reason: "two connections, counted in reservedConnections" }];
    expect((await judge([soundDatabase(), fn({}, ["database"])], { waivers })).map((f) => f.waived)).toEqual([true]);
  });
});
