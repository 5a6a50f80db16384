import { assumptions } from "./assumptions";
import { cloudSqlLimits } from "./limits";
import { asIs, clamp, type Naming, type Problem, problem } from "./problem";

/** A Cloud SQL machine. `vcpus` of a shared-core tier is the assumed fraction. */
export interface Tier {
  readonly name: string;
  readonly kind: "custom" | "predefined" | "shared-core";
  readonly vcpus: number;
  readonly memoryMib: number;
}

/** What decides how many backends an instance can hold. Sizes in MiB. */
export interface DatabaseSize {
  readonly tier: string;
  readonly maxConnections: number;
  /** shared_buffers; left out: the assumed default share of the tier's memory. */
  readonly sharedBuffersMib?: number | undefined;
  /** work_mem, counted once per backend; left out: PostgreSQL's 4 MiB. */
  readonly workMemMib?: number | undefined;
}

const DEFAULT_WORK_MEM_MIB = 4; // PostgreSQL's own default of work_mem
const legal = cloudSqlLimits.custom.value;

/** Reads a tier's name. `undefined`: no tier has it. Custom tiers may still be illegal: see {@link tierProblems}. */
export function parseTier(name: string): Tier | undefined {
  const shared = cloudSqlLimits.sharedCore.value[name];
  if (shared) return { name, kind: "shared-core", vcpus: assumptions.sharedCoreFraction.likely, memoryMib: shared.memoryMib };
  const custom = /^db-custom-(\d+)-(\d+)$/.exec(name);
  if (custom) return { name, kind: "custom", vcpus: Number(custom[1]), memoryMib: Number(custom[2]) };
  const predefined = /^db-perf-optimized-N-(\d+)$/.exec(name);
  const gib = predefined && cloudSqlLimits.perfOptimizedMemoryGib.value[Number(predefined[1])];
  return gib ? { name, kind: "predefined", vcpus: Number(predefined[1]), memoryMib: gib * 1024 } : undefined;
}

/** `POSTGRES_14` -> 14; `undefined` for anything that is no PostgreSQL version. */
export function postgresMajor(version: string): number | undefined {
  const match = /^POSTGRES_(\d+)/.exec(version);
  return match ? Number(match[1]) : undefined;
}

/** The edition that decides which tiers exist: the stated one, else Google's default for the version. */
export function effectiveEdition(edition: string | undefined, version: string): string {
  if (edition) return edition;
  return (postgresMajor(version) ?? 0) >= cloudSqlLimits.enterprisePlusDefaultFrom.value ? "ENTERPRISE_PLUS" : "ENTERPRISE";
}

/** A tier that does not exist, breaks the rules of custom tiers, or does not belong to the edition. */
export function tierProblems(
  db: { readonly tier: string; readonly edition?: string | undefined; readonly version: string },
  name: Naming<"tier" | "edition"> = asIs,
): Problem[] {
  const tier = parseTier(db.tier);
  const edition = effectiveEdition(db.edition, db.version);
  const wrong = (must: string, because: string, fix: string, setting = name("tier"), value: unknown = db.tier) => [
    problem({ setting, value, must, because, fix }),
  ];
  if (!tier)
    return wrong(
      "be a tier such as db-custom-1-3840 (db-custom-<vCPU>-<MiB>)",
      "Cloud SQL has no tier of that name and only says so when it creates the instance",
      edition === "ENTERPRISE_PLUS" ? "db-perf-optimized-N-2" : "db-custom-1-3840",
    );
  if (tier.kind === "custom") {
    const nearest = nearestCustomTier(tier);
    if (nearest.name !== tier.name)
      return wrong(
        `have 1 or an even number of vCPUs up to ${legal.vcpus.max} and ${legal.gibPerVcpu.min} to ${legal.gibPerVcpu.max} GiB per vCPU, in steps of ${legal.memoryMultipleMib} MiB and at least ${legal.memoryMinMib} MiB`,
        "Cloud SQL creates no other custom tier",
        nearest.name,
      );
  }
  if (edition === "ENTERPRISE_PLUS" && tier.kind !== "predefined")
    return db.edition
      ? wrong("be a db-perf-optimized-N tier", "edition ENTERPRISE_PLUS has no custom or shared-core tiers", "db-perf-optimized-N-2")
      : wrong(
          "be ENTERPRISE",
          `PostgreSQL ${cloudSqlLimits.enterprisePlusDefaultFrom.value} and newer default to ENTERPRISE_PLUS, which has no tier ${db.tier}`,
          "ENTERPRISE",
          name("edition"),
          db.edition,
        );
  if (edition === "ENTERPRISE" && tier.kind === "predefined")
    return wrong("be a custom tier", "db-perf-optimized tiers belong to edition ENTERPRISE_PLUS", nearestCustomTier(tier).name);
  return [];
}

/** A shared-core tier: no SLA, a fraction of a CPU for TLS and SCRAM, 25 or 50 connections. */
export function sharedCoreProblems(tier: string, name: Naming<"tier"> = asIs): Problem[] {
  if (parseTier(tier)?.kind !== "shared-core") return [];
  return [
    problem({
      setting: name("tier"),
      value: tier,
      must: "be a dedicated-core tier",
      because: "a shared core has a fraction of a CPU for the TLS and SCRAM work of a storm, and no SLA",
      fix: "db-custom-1-3840",
    }),
  ];
}

function nearestCustomTier(tier: { readonly vcpus: number; readonly memoryMib: number }): Tier {
  const even = clamp(tier.vcpus, legal.vcpus);
  const vcpus = even <= 1 ? 1 : Math.min(legal.vcpus.max, even + (even % 2));
  const step = legal.memoryMultipleMib;
  const least = Math.max(legal.memoryMinMib, Math.ceil((vcpus * legal.gibPerVcpu.min * 1024) / step) * step);
  const most = Math.floor((vcpus * legal.gibPerVcpu.max * 1024) / step) * step;
  const memoryMib = clamp(Math.ceil(tier.memoryMib / step) * step, { min: least, max: most });
  return customTier(vcpus, memoryMib);
}

const customTier = (vcpus: number, memoryMib: number): Tier => ({
  name: `db-custom-${vcpus}-${memoryMib}`,
  kind: "custom",
  vcpus,
  memoryMib,
});

/**
 * The dedicated-core tiers a plan is sized from, smallest first: 1 to 16 vCPUs at Google's usual 3.75 GiB per vCPU
 * and at the most memory a vCPU may have.
 */
export const tierCatalogue: readonly Tier[] = [1, 2, 4, 8, 16].flatMap((vcpus) => [
  customTier(vcpus, vcpus * 3840),
  nearestCustomTier({ vcpus, memoryMib: vcpus * 6.5 * 1024 }),
]);

/** Google's default of max_connections for a tier: what an instance has when the flag is not set. */
export function defaultMaxConnections(tier: Tier): number {
  const shared = cloudSqlLimits.sharedCore.value[tier.name];
  if (shared) return shared.maxConnections;
  const rows = cloudSqlLimits.defaultMaxConnections.value.filter(([memoryMib]) => memoryMib <= tier.memoryMib);
  return rows.at(-1)?.[1] ?? 0;
}

/** The memory of `max_connections` backends beside shared_buffers, against what the tier can give. MiB. */
export interface DatabaseMemory {
  readonly tierMib: number;
  readonly usableMib: number;
  readonly sharedBuffersMib: number;
  readonly perBackendMib: number;
  readonly backends: number;
  readonly neededMib: number;
  /** The largest max_connections whose backends fit. */
  readonly largestMaxConnections: number;
}

/** needed = shared_buffers + max_connections x (memory per backend + work_mem); usable = tier x usable share. */
export function databaseMemory(db: DatabaseSize, tier: Tier): DatabaseMemory {
  const usableMib = tier.memoryMib * assumptions.usableMemoryShare.likely;
  const sharedBuffersMib = db.sharedBuffersMib ?? tier.memoryMib * assumptions.sharedBuffersShare.likely;
  const perBackendMib = assumptions.backendMib.likely + (db.workMemMib ?? DEFAULT_WORK_MEM_MIB);
  return {
    tierMib: tier.memoryMib,
    usableMib,
    sharedBuffersMib,
    perBackendMib,
    backends: db.maxConnections,
    neededMib: sharedBuffersMib + db.maxConnections * perBackendMib,
    largestMaxConnections: Math.max(0, Math.floor((usableMib - sharedBuffersMib) / perBackendMib)),
  };
}

/** The smallest catalogue tier whose memory holds that many backends, with the default shared_buffers; `undefined`: none does. */
export function smallestTierFor(maxConnections: number): Tier | undefined {
  return tierCatalogue.find((tier) => databaseMemory({ tier: tier.name, maxConnections }, tier).largestMaxConnections >= maxConnections);
}

/** max_connections outside the flag's range, or more than the tier's memory can hold. */
export function maxConnectionsProblems(db: DatabaseSize, name: Naming<"maxConnections"> = asIs): Problem[] {
  const range = cloudSqlLimits.maxConnectionsFlag.value;
  const wrong = (must: string, because: string, fix: string | number) => [
    problem({ setting: name("maxConnections"), value: db.maxConnections, must, because, fix }),
  ];
  if (!Number.isInteger(db.maxConnections) || db.maxConnections < range.min || db.maxConnections > range.max)
    return wrong(`be a whole number from ${range.min} to ${range.max}`, "Cloud SQL refuses the flag otherwise", clamp(db.maxConnections, range));
  const tier = parseTier(db.tier);
  if (!tier) return [];
  const memory = databaseMemory(db, tier);
  if (memory.neededMib <= memory.usableMib) return [];
  const bigger = smallestTierFor(db.maxConnections);
  return wrong(
    `be at most ${memory.largestMaxConnections} on ${db.tier}`,
    `${db.maxConnections} backends x ${memory.perBackendMib} MiB + ${Math.round(memory.sharedBuffersMib)} MiB shared_buffers = ${Math.round(memory.neededMib)} MiB exceed the usable ${Math.round(memory.usableMib)} MiB, and the instance would run out of memory`,
    memory.largestMaxConnections >= range.min ? `${memory.largestMaxConnections}${bigger ? `, or move to ${bigger.name}` : ""}` : "what a larger tier holds",
  );
}

/** Query insights beyond what the edition allows. */
export function insightsProblems(
  insights: { readonly queryStringLength?: number | undefined; readonly queryPlansPerMinute?: number | undefined },
  edition: string,
  name: Naming<"queryStringLength" | "queryPlansPerMinute"> = asIs,
): Problem[] {
  const ranges = {
    queryStringLength: cloudSqlLimits.insightsQueryStringLength.value[edition],
    queryPlansPerMinute: cloudSqlLimits.insightsQueryPlansPerMinute.value[edition],
  };
  return (["queryStringLength", "queryPlansPerMinute"] as const).flatMap((field) => {
    const [value, range] = [insights[field], ranges[field]];
    if (value === undefined || !range || (value >= range.min && value <= range.max)) return [];
    return [
      problem({
        setting: name(field),
        value,
        must: `be from ${range.min} to ${range.max}`,
        because: `Cloud SQL allows no more for edition ${edition}`,
        fix: clamp(value, range),
      }),
    ];
  });
}
