import { describe, expect, test } from "vitest";
import { rolloutConnections } from "../../../commands/guard/connections";
import { connectionBudget } from "../../../policy/rules/capacity/connection-budget";
import { type Declared, judgeStack, UNKNOWN } from "../../policy/harness";
import { soundConnector, soundDatabase, soundService, soundServiceV1 } from "../../policy/services";

/** What guard says of a rollout from one declared service to another. */
const rollout = (old: Declared, now: Declared) =>
  rolloutConnections({
    op: "update",
    type: now.type,
    name: "backend",
    urn: "",
    isComponent: false,
    isRetained: false,
    old: { inputs: old.properties, outputs: {} },
    new: { inputs: now.properties, outputs: {} },
    changed: [],
    replaceReasons: [],
  });

/** What the pack's budget counts for the service: the lines of its message. */
async function counted(service: Declared): Promise<number> {
  const small = soundDatabase({ databaseFlags: [{ name: "max_connections", value: "25" }] });
  const found = await judgeStack(connectionBudget, [
    small,
    soundConnector(),
    { ...service, dependsOn: ["database", "connector"] },
  ]);
  const lines = found.flatMap(({ message }) => [...message.matchAll(/\S+ \(\d+ \+ \d+\) x \d+ = (\d+)/g)]);
  return lines.reduce((sum, [, connections]) => sum + Number(connections), 0);
}

const url = (query: string) => ({
  variables: {
    DATABASE_URL: `postgresql://10.107.0.3/netra?${query}`,
    DB_POOL_SIZE: undefined,
    DB_MAX_OVERFLOW: undefined,
  },
});
const variables = (own: Readonly<Record<string, string>>) =>
  Object.entries(own).map(([name, value]) => ({ name, value }));
const sidecar = {
  image: "x",
  name: "worker",
  envs: variables({ DB_POOL_SIZE: "4", DB_MAX_OVERFLOW: "1", WEB_CONCURRENCY: "2" }),
};
const regions = { location: "global", multiRegionSettings: { regions: ["us-central1", "europe-west1"] } };

const forms: readonly (readonly [string, Declared, number])[] = [
  ["one container", soundService(), 5 * 5],
  ["a maximum for the revision only", soundService({ properties: { scaling: {} } }), 5 * 5],
  [
    "manual scaling",
    soundService({ properties: { scaling: { scalingMode: "MANUAL", manualInstanceCount: 14, maxInstanceCount: 5 } } }),
    14 * 5,
  ],
  ["a second container", soundService({ sidecars: [sidecar] }), 5 * 5 + 5 * 10],
  ["two regions", soundService({ properties: regions }), 2 * 5 * 5],
  ["a pool for each worker", soundService({ variables: { WEB_CONCURRENCY: "4" } }), 5 * 20],
  [
    "workers on the command line",
    soundService({ container: { commands: ["gunicorn"], args: ["-w", "3", "app:app"] } }),
    5 * 15,
  ],
  ["a pool in the URL", soundService(url("connection_limit=7")), 5 * 7],
  ["a v1 service", soundServiceV1(), 5 * 5],
  ["a v1 service with two containers", soundServiceV1({ sidecars: [sidecar] }), 5 * 5 + 5 * 10],
];

describe("guard announces what the budget counts", () => {
  test.each(forms)("for %s", async (_, service, connections) => {
    expect(rollout(service, service)).toBe(
      `both together hold up to ${connections} + ${connections} = ${2 * connections} connections, as the budget counts`,
    );
    expect(await counted(service)).toBe(2 * connections);
  });
});

test("what a larger old revision holds is beyond the budget, what a smaller one holds within it", () => {
  const larger = soundService({ variables: { DB_POOL_SIZE: "8" } });
  expect(rollout(soundService(), larger)).toBe(
    "both together hold up to 25 + 50 = 75 connections, within the 100 that the budget counts",
  );
  expect(rollout(larger, soundService())).toBe(
    "both together hold up to 50 + 25 = 75 connections, more than the 50 that the budget counts: if max_connections is to be lowered, do it in a later update",
  );
});

test("a service without a database holds none", () => {
  const plan = ["POSTGRES_HOST", "DB_POOL_SIZE"].map((name) => [name, undefined] as const);
  const service = soundService({ variables: Object.fromEntries(plan) });
  expect(rollout(service, service)).toBe("it shows no database connections");
});

test.each([
  [
    "a pool that is unknown at preview",
    { variables: { DB_POOL_SIZE: UNKNOWN } },
    "netra-backend-staging has 'template.containers[0].envs[DB_POOL_SIZE]', which is not known at preview",
  ],
  [
    "a pool that is not stated",
    { variables: { DB_POOL_SIZE: undefined } },
    "netra-backend-staging does not state DB_POOL_SIZE",
  ],
  [
    "hidden containers",
    { pod: { containers: "[secret]" } },
    "'template.containers' is hidden because it contains a secret",
  ],
  [
    "an unknown region",
    { properties: { multiRegionSettings: { regions: [UNKNOWN] } } },
    "netra-backend-staging has 'multiRegionSettings.regions[0]', which is not known at preview",
  ],
])("reports that %s cannot be read", (_, changes, why) => {
  const unread = `the connections of both cannot be read from this preview (${why})`;
  expect(rollout(soundService(), soundService(changes))).toBe(unread);
  expect(rollout(soundService(changes), soundService())).toBe(unread);
});
