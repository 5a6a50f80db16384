import { probeWindowSeconds } from "../constraints/cloudrun";
import { databasePath, type PathFault } from "../constraints/path";
import { startFacts } from "../limits";
import type { DatabaseClientPlan } from "../plan";
import { type Problem, problem } from "../problem";
import type { Bottleneck } from "./bottleneck";
import { type FixLimits, passingFixes } from "./fixes";
import type { StormResult } from "./results";
import { routeOf, type StormPlan, type StormService } from "./scenarios";
import { CONFIDENCE_TEXT, percentText } from "./statistics";

/** The cause of what is refused because no packet of a start arrives: nothing else helps. */
export const NO_PATH: Bottleneck = "network path";

/** How a reader writes what a plan has: a field such as `services.backend.egress`, and a value of it. */
export interface StormNames {
  setting(field: string): string;
  value(field: string, value: string): string;
  /** Whether a number of the field can be set where the reader looks for it. Default: always. */
  canSet?(field: string): boolean;
}

const STACK_FILE: StormNames = { setting: (field) => `netra:${field}`, value: (_, value) => value };

/**
 * What mends a storm: which field of the plan to change, to what, and more about the cause than the bottleneck's name
 * says.
 */
interface Remedy {
  readonly field: string;
  readonly fix: string;
  readonly because?: string | undefined;
  /** Where it is another one than the bottleneck's name. */
  readonly cause?: string | undefined;
}

/** What a bottleneck asks for. `largest` is the service that starts most instances. */
function remedyFor(bottleneck: Bottleneck, plan: StormPlan, largest: string, names: StormNames): Remedy {
  const path = `services.${largest}.database.path`;
  switch (bottleneck) {
    case "network path":
      return pathRemedy(plan, names);
    case "max_connections":
      return {
        field: "database.maxConnections",
        fix: "more, as far as the tier's memory holds them, or lower the services' maximum instances",
      };
    case "database CPU":
      return {
        field: "database.tier",
        fix: "a tier with more vCPUs, or lower the services' maximum instances or what their start-up queries cost",
      };
    case "connector":
      return { field: "connector.minInstances", fix: "more, or take machineType e2-standard-4" };
    case "Admin API":
      return { field: path, fix: `${names.value(path, "private-ip")}, which needs no call` };
    case "built-in socket":
      return { field: path, fix: `${names.value(path, "private-ip")}, which has no limit per instance` };
    case "connection limit":
      return {
        field: `services.${largest}.database.startupConnections`,
        fix: "at most what the pool holds: the database refuses what the budget does not give",
      };
    case "postmaster":
      return {
        field: `services.${largest}.maxInstances`,
        fix: "fewer, or let each open fewer connections at its start",
      };
    case "none":
      return {
        field: `services.${largest}.maxInstances`,
        fix: "fewer, or a longer probe window and longer time-outs: no single resource is the cause",
      };
  }
}

/** Remedies for the paths: one that cannot work comes before one that opens too late. */
function pathRemedy(plan: StormPlan, names: StormNames): Remedy {
  const paths = Object.entries(plan.services).flatMap(([key, service]) => {
    const { database } = service;
    return database ? [{ key, service: { ...service, database }, verdict: databasePath(routeOf(plan, service)) }] : [];
  });
  const [broken, ...others] = paths.flatMap(({ key, verdict: { fault } }) =>
    fault ? [brokenPathRemedy(key, fault, names)] : [],
  );
  if (broken) {
    const alike = others
      .filter(({ because }) => because === broken.because)
      .map(({ field }) => `'${names.setting(field)}'`);
    return alike.length > 0 ? { ...broken, fix: `${broken.fix}, and ${alike.join(" and ")} likewise` } : broken;
  }
  const slow = paths
    .filter(({ verdict }) => verdict.opensAfterSeconds)
    .toSorted((a, b) => retrySeconds(a.service) - retrySeconds(b.service))[0];
  // The bottleneck is a path only where one of them is not open.
  if (!slow) throw new Error("no path of this plan is broken or slow");
  return slowPathRemedy(slow.key, slow.service, names);
}

function brokenPathRemedy(key: string, { lever, because }: PathFault, names: StormNames): Remedy {
  const egress = `services.${key}.egress`;
  switch (lever) {
    case "egress":
      return { field: egress, fix: names.value(egress, "private-ranges-only"), because };
    case "vpcAccess":
      return { field: `services.${key}.vpcAccess`, fix: "the connector's id", because };
    case "address":
      return { field: `services.${key}.database.path`, fix: "an address that the database has", because };
  }
}

const retrySeconds = ({ database }: { readonly database: { readonly initTimeoutSeconds: number } }) =>
  database.initTimeoutSeconds;

function slowPathRemedy(
  key: string,
  service: StormService & { readonly database: DatabaseClientPlan },
  names: StormNames,
): Remedy {
  const cause = "slow path";
  const { min, max } = startFacts.directVpcOpensSeconds.value;
  const retry = startFacts.directVpcRetrySeconds.value;
  const because = `Direct VPC egress passes traffic only ${min} to ${max} s after an instance starts`;
  const own = retrySeconds(service);
  const { periodSeconds, initialDelaySeconds } = service.probe;
  const window = probeWindowSeconds(service.probe);
  const needed = service.bootSeconds + Math.max(own, retry);
  const threshold = Math.ceil((needed - initialDelaySeconds) / periodSeconds);
  const probe = `services.${key}.probe.failureThreshold`;
  const orConnector = "or take a connector instead of network interfaces";
  if (own < retry)
    return {
      field: `services.${key}.database.initTimeoutSeconds`,
      fix: `${retry}${window < needed ? ` and '${names.setting(probe)}' to ${threshold}` : ""}, and let the application retry for so long, ${orConnector}`,
      because: `${because}, and the application gives up after ${own} s`,
      cause,
    };
  if (window < needed)
    return {
      field: probe,
      fix: `${threshold}, ${orConnector}`,
      because: `${because}, and the probe gives up after ${window} s`,
      cause,
    };
  return {
    field: `services.${key}.vpcAccess`,
    fix: "the id of a connector, instead of network interfaces",
    because,
    cause,
  };
}

/** How the fixes of a failing plan are written and judged. */
export interface ProblemOptions<Plan extends StormPlan> extends Pick<FixLimits<Plan>, "accepts"> {
  /** Default: as in a stack file. */
  readonly names?: StormNames;
  /** What mends the plan instead, as a clause, where its storms fail for something that another problem names. */
  readonly instead?: string | undefined;
}

/**
 * The scenarios whose lower bound is under the target (above 0, below 1), with what to change. Scenarios with one
 * bottleneck are one problem. Every storm passes with one of its ways; where no way is found, a person has to decide.
 */
export function targetProblems<Plan extends StormPlan>(
  plan: Plan,
  results: readonly StormResult[],
  target: number,
  { names = STACK_FILE, instead, accepts }: ProblemOptions<Plan> = {},
): Problem[] {
  const wanted = `${Number((target * 100).toFixed(4))} %`;
  const largest = Object.entries(plan.services)
    .filter(([, service]) => service.database)
    .toSorted(([, a], [, b]) => b.maxInstances - a.maxInstances)[0]?.[0];
  const failing = results.filter(({ success }) => success.lower < target);
  if (failing.length === 0) return [];
  const canSet = names.canSet?.bind(names);
  const fixes = instead === undefined ? passingFixes(plan, failing, target, { canSet, accepts }) : [];
  const ways = fixes.map((fix) => fix.map(([field, value]) => [names.setting(field), value] as const));
  return [...new Set(failing.map(({ bottleneck }) => bottleneck))].map((bottleneck) => {
    const storms = failing.filter((result) => result.bottleneck === bottleneck);
    const remedy = remedyFor(bottleneck, plan, largest ?? "", names);
    const { fix, because, cause = bottleneck } = remedy;
    // The first thing to change is what the problem is about.
    const field = fixes[0]?.[0]?.[0] ?? remedy.field;
    const shares = storms.map(({ scenario, starts, success }) => ({
      scenario,
      share: `${percentText(success.mean)} of ${starts}, lower bound ${percentText(success.lower)}`,
    }));
    const simulated = `${[...new Set(storms.map(({ replications }) => replications))].join(" or ")} simulated storms`;
    const found =
      bottleneck === "none" ? `fewer were ready in ${simulated}` : `the bottleneck of ${simulated} is ${bottleneck}`;
    return problem({
      setting: names.setting(field),
      value: valueAt(plan, field),
      must: `let at least ${wanted} of starts be ready at the first try, with ${CONFIDENCE_TEXT}, in ${shares.map(({ scenario, share }) => `${scenario} (${share})`).join(", ")}`,
      because: because ? `${found}: ${because}` : found,
      cause,
      evidence: shares.map(({ scenario, share }) => ({ field: `simulated storm ${scenario}`, value: share })),
      ...(instead !== undefined ? { instead } : ways.length > 0 ? { ways } : { fix }),
    });
  });
}

/** The value at a path such as `services.backend.egress`. */
function valueAt(plan: StormPlan, path: string): unknown {
  // every step but the last is an object
  return path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], plan);
}
