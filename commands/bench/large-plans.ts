import type { CapacityPlan } from "../../capacity/plan";
import { planOf, readSettings } from "../../config/read";
import { readStackFile } from "../shared/stack-file";

/* Sound plans far larger than staging's, for the claims about speed at scale. */

/** A service with the backend's settings, but `maxInstances` and a start that opens one connection. */
function small(plan: CapacityPlan, name: string, maxInstances: number, after: readonly string[] = []) {
  const { backend } = plan.services;
  if (!backend?.database) throw new Error("staging has a backend with a database");
  return {
    ...backend,
    name,
    after,
    minInstances: 1,
    maxInstances,
    cpu: 1,
    memoryMib: 512,
    database: { ...backend.database, poolSize: 1, maxOverflow: 0, startupConnections: 1, startupQueryCpuMs: 5 },
  };
}

/** Room for all of them: the plan is judged for its storms. */
function roomy(services: CapacityPlan["services"]): CapacityPlan {
  const plan = staging();
  return {
    ...plan,
    services,
    limits: { ...plan.limits, regionalCpu: 10_000, regionalMemoryGib: 10_000 },
    connector: { ...plan.connector, machineType: "e2-standard-4", minInstances: 9 },
    database: { ...plan.database, tier: "db-custom-32-212992", maxConnections: 4000, sharedBuffersMib: 4096 },
  };
}

const staging = () => planOf(readSettings(readStackFile("staging")));

/** Two services that may start at once, with so many starts in all. */
export const manyStarts = (starts: number): CapacityPlan =>
  roomy({
    first: small(staging(), "first", starts / 2),
    second: small(staging(), "second", starts / 2),
  });

/** Pairs of services of which one rolls out after the other. */
export const manyPairs = (pairs: number): CapacityPlan => {
  const plan = staging();
  return roomy(
    Object.fromEntries(
      Array.from({ length: pairs }, (_, i) => [
        [`first-${i}`, small(plan, `first-${i}`, 2)] as const,
        [`second-${i}`, small(plan, `second-${i}`, 2, [`first-${i}`])] as const,
      ]).flat(),
    ),
  );
};

/** The stack file of a sound stack with so many services, in pairs of which one rolls out after the other. */
export function manyServices(count: number): Readonly<Record<string, unknown>> {
  const configuration = readStackFile("staging");
  const section = (name: string): Readonly<Record<string, unknown>> => Object(configuration[`netra:${name}`]);
  const backend = Object(section("services").backend);
  const names = Array.from({ length: count }, (_, i) => `service-${i}`);
  const service = (name: string, i: number) => ({
    ...backend,
    name,
    account: `account-${i}`,
    maxInstances: 2,
    memory: "512Mi",
    database: { ...backend.database, poolSize: 1, maxOverflow: 0, startupConnections: 1, startupQueryCpuMs: 5 },
    after: i % 2 === 0 ? [] : [names[i - 1]],
  });
  return {
    ...configuration,
    "netra:services": Object.fromEntries(names.map((name, i) => [name, service(name, i)])),
    "netra:hosts": { [names[0] ?? ""]: Object.values(section("hosts")).flat() },
    "netra:limits": { regionalCpu: 10_000, regionalMemoryGib: 10_000 },
    "netra:connector": { ...section("connector"), machineType: "e2-standard-4", minInstances: 9 },
    "netra:database": {
      ...section("database"),
      tier: "db-custom-32-212992",
      maxConnections: 4000,
      sharedBuffersMib: 4096,
    },
  };
}
