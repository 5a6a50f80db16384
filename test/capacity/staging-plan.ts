import type { DatabaseRoute } from "../../capacity/constraints/path";
import type { CapacityPlan } from "../../capacity/plan";
import { routeOf, type StormPlan } from "../../capacity/storm/scenarios";
import { planOf } from "../../config/read";
import { type Changes, stagingSettings } from "../stack-settings";

/** The committed plan of staging, with the changes of a test. */
export const stagingPlan = (changes: Changes = {}): CapacityPlan => planOf(stagingSettings(changes));

/** The plan with another route to the database than a stack file can have. */
export function withRoutes(plan: CapacityPlan, changes: Partial<DatabaseRoute>): CapacityPlan & StormPlan {
  const services = Object.entries(plan.services).map(([key, service]) => [
    key,
    { ...service, route: { ...routeOf(plan, service), ...changes } },
  ]);
  return { ...plan, services: Object.fromEntries(services) };
}

/** The sizes of the incident (#1278): db-g1-small with its 50 connections, pools of 20 + 30, 20 + 10 + 10 instances. */
export function incidentPlan(path: "public socket, all traffic" | "private address"): CapacityPlan & StormPlan {
  const broken = path === "public socket, all traffic";
  const egress = broken ? "all-traffic" : "private-ranges-only";
  const database = { path: broken ? "built-in-socket" : "private-ip" };
  const plan = stagingPlan({
    "netra:database": { tier: "db-g1-small", maxConnections: 50 },
    "netra:services": {
      backend: { maxInstances: 20, egress, database: { ...database, poolSize: 20, maxOverflow: 30 } },
      auth: { maxInstances: 10, egress, database: { ...database, poolSize: 5, maxOverflow: 10 } },
      frontend: { maxInstances: 10 },
    },
  });
  // A stack file's database has a private address only; the incident's had a public one.
  return broken ? withRoutes(plan, { database: { isPublic: true, isPrivate: false } }) : plan;
}
