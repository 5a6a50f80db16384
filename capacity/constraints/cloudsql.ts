import { assumptions } from "../assumptions";
import { cloudSqlLimits } from "../limits";
import { clamp, identity, type Naming, type Problem, problem } from "../problem";

/** A Cloud SQL machine. `vcpus` of a shared-core tier is the assumed fraction. */
export interface Tier {
  readonly name: string;
  readonly kind: "custom" | "custom-n4" | "predefined" | "shared-core";
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
  if (shared)
    return { name, kind: "shared-core", vcpus: assumptions.sharedCoreFraction.likely, memoryMib: shared.memoryMib };
  const custom = /^db-custom-(\d+)-(\d+)$/.exec(name);
  if (custom) return { name, kind: "custom", vcpus: Number(custom[1]), memoryMib: Number(custom[2]) };
  const n4 = /^db-custom-N4-([1-9]\d*)-([1-9]\d*)$/.exec(name);
  if (n4) return n4Tier(name, Number(n4[1]), Number(n4[2]));
  const [, series = "", vcpus] = /^db-(perf-optimized-N|c4a-highmem)-(\d+)$/.exec(name) ?? [];
  const gib = PREDEFINED[series]?.[Number(vcpus)];
  return gib ? { name, kind: "predefined", vcpus: Number(vcpus), memoryMib: gib * 1024 } : undefined;
}

const PREDEFINED: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  "perf-optimized-N": cloudSqlLimits.perfOptimizedMemoryGib.value,
  "c4a-highmem": cloudSqlLimits.c4aMemoryGib.value,
};

/** The pages read do not list the steps of N4 below its largest machine, so every smaller size is accepted. */
function n4Tier(name: string, vcpus: number, memoryMib: number): Tier | undefined {
  const { vcpusMax, memoryGibMax } = cloudSqlLimits.n4.value;
  return vcpus <= vcpusMax && memoryMib <= memoryGibMax * 1024
    ? { name, kind: "custom-n4", vcpus, memoryMib }
    : undefined;
}

/** `POSTGRES_14` -> 14; `undefined` for anything that is no PostgreSQL version. */
export function postgresMajor(version: string): number | undefined {
  const match = /^POSTGRES_(\d+)/.exec(version);
  return match ? Number(match[1]) : undefined;
}

/** Whether an instance of that version counts as PostgreSQL: all do that are not plainly something else. */
export const isPostgres = (version: string): boolean => !/^(MYSQL|SQLSERVER)_/.test(version);

/** A version that is written as no Cloud SQL version is. Which ones exist at the moment is Google's to know. */
export function versionProblems(version: string | undefined, name: Naming<"version"> = identity): Problem[] {
  if (version && VERSION.test(version)) return [];
  const meant = `POSTGRES_${(/postgres/i.test(version ?? "") && /\d+/.exec(version ?? "")?.[0]) || "14"}`;
  return [
    problem({
      setting: name("version"),
      value: version,
      must: "be written like POSTGRES_14",
      because: "Cloud SQL has no version of that name and only says so when it creates the instance",
      fix: VERSION.test(meant) ? meant : "POSTGRES_14",
    }),
  ];
}

const VERSION = /^(POSTGRES_(9_6|[1-9]\d)|MYSQL_\d_\d+(_\d+)?|SQLSERVER_20\d\d_(STANDARD|ENTERPRISE|EXPRESS|WEB))$/;

/** An edition that does not exist. One that is left out is Google's default for the version. */
export function editionProblems(edition: string | undefined, name: Naming<"edition"> = identity): Problem[] {
  const editions = cloudSqlLimits.editions.value;
  if (!edition || editions.includes(edition)) return [];
  return [
    problem({
      setting: name("edition"),
      value: edition,
      must: `be ${editions.join(" or ")}`,
      because: "Cloud SQL has no other edition",
      fix: editions.find((e) => e.replace("_", "") === edition.toUpperCase().replace(/[^A-Z]/g, "")) ?? "ENTERPRISE",
    }),
  ];
}

/** The edition that decides which tiers exist: the stated one, else Google's default for the version. */
export function effectiveEdition(edition: string | undefined, version: string): string {
  if (edition) return edition;
  return (postgresMajor(version) ?? 0) >= cloudSqlLimits.enterprisePlusDefaultFrom.value
    ? "ENTERPRISE_PLUS"
    : "ENTERPRISE";
}

/** A tier that does not exist, breaks the rules of custom tiers, or does not belong to the edition. */
export function tierProblems(
  db: { readonly tier: string | undefined; readonly edition?: string | undefined; readonly version: string },
  name: Naming<"tier" | "edition"> = identity,
): Problem[] {
  const tier = parseTier(db.tier ?? "");
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
  if (edition === "ENTERPRISE_PLUS" && tier.kind !== "predefined") {
    if (db.edition)
      return wrong(
        "be a db-perf-optimized-N tier",
        "edition ENTERPRISE_PLUS has no custom or shared-core tiers",
        nearestPredefinedTier(tier),
      );
    const unstated = wrong(
      "be ENTERPRISE",
      `PostgreSQL ${cloudSqlLimits.enterprisePlusDefaultFrom.value} and newer default to ENTERPRISE_PLUS, which has no tier ${tier.name}`,
      "ENTERPRISE",
      name("edition"),
      "not set",
    );
    return [...unstated, ...tierProblems({ ...db, edition: "ENTERPRISE" }, name)];
  }
  const nearest = nearestCustomTier(tier).name;
  if (tier.kind === "custom" && nearest !== tier.name)
    return wrong(
      `have 1 or an even number of vCPUs up to ${legal.vcpus.max} and ${legal.gibPerVcpu.min} to ${legal.gibPerVcpu.max} GiB per vCPU, in steps of ${legal.memoryMultipleMib} MiB and at least ${legal.memoryMinMib} MiB`,
      "Cloud SQL creates no other custom tier",
      nearest,
    );
  if (edition === "ENTERPRISE" && tier.kind === "predefined")
    return wrong(
      "be a custom tier",
      `${tier.name.replace(/-\d+$/, "")} tiers belong to edition ENTERPRISE_PLUS`,
      nearest,
    );
  return [];
}

/** The smallest predefined tier that has as much of both, else the largest. */
function nearestPredefinedTier({ vcpus, memoryMib }: Tier): string {
  const sizes = Object.entries(cloudSqlLimits.perfOptimizedMemoryGib.value);
  const fitting = sizes.find(([cpus, gib]) => Number(cpus) >= vcpus && gib * 1024 >= memoryMib) ?? sizes.at(-1);
  return `db-perf-optimized-N-${fitting?.[0]}`;
}

/** A shared-core tier: no SLA, a fraction of a CPU for TLS and SCRAM, 25 or 50 connections. */
export function sharedCoreProblems(tier: string, name: Naming<"tier"> = identity): Problem[] {
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
 * The dedicated-core tiers a plan is sized from, smallest first: 1 to 16 vCPUs at Google's usual 3.75 GiB per vCPU and
 * at the most memory a vCPU may have.
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

/**
 * The smallest catalogue tier whose memory holds that many backends, by default with the default shared_buffers;
 * `undefined`: none does.
 */
export function smallestTierFor(
  maxConnections: number,
  memory: Pick<DatabaseSize, "sharedBuffersMib" | "workMemMib"> = {},
): Tier | undefined {
  return tierCatalogue.find(
    (tier) =>
      databaseMemory({ ...memory, tier: tier.name, maxConnections }, tier).largestMaxConnections >= maxConnections,
  );
}

/** What a memory flag's number means: shared_buffers counts pages of 8 KiB, work_mem KiB. MiB. */
export function flagMib(flag: keyof typeof cloudSqlLimits.flagUnitKib.value, value: number): number {
  return (value * cloudSqlLimits.flagUnitKib.value[flag]) / 1024;
}

/** The number that a memory flag must have for so many MiB: the inverse of {@link flagMib}. */
export function flagValue(flag: keyof typeof cloudSqlLimits.flagUnitKib.value, mib: number): number {
  return (mib * 1024) / cloudSqlLimits.flagUnitKib.value[flag];
}

/**
 * A max_connections that is not stated: what an instance then has follows its tier, and no budget can be counted on it.
 * A read replica must have its primary's number at least.
 */
export function statedMaxConnectionsProblems(
  tierName: string,
  name: Naming<"maxConnections"> = identity,
  isReplica = false,
): Problem[] {
  const tier = parseTier(tierName);
  const byDefault = tier ? defaultMaxConnections(tier) : 0;
  return [
    problem({
      setting: name("maxConnections"),
      value: undefined,
      must: "be stated",
      because: "the connection budget is counted against it, and Google's default changes with the tier",
      fix: isReplica ? "the primary's number" : byDefault || "what the budget needs, such as 100",
    }),
  ];
}

/**
 * max_connections outside the flag's range, or more than the tier's memory can hold. `needed` is how many the
 * connection budget asks for, where that is known: no fewer are proposed.
 */
export function maxConnectionsProblems(
  db: DatabaseSize,
  name: Naming<"maxConnections" | "tier" | "sharedBuffersMib" | "workMemMib"> = identity,
  needed = 0,
): Problem[] {
  const range = cloudSqlLimits.maxConnectionsFlag.value;
  const wrong = (must: string, because: string, fix: string | number) => [
    problem({ setting: name("maxConnections"), value: db.maxConnections, must, because, fix }),
  ];
  const tier = parseTier(db.tier);
  const memory = tier && databaseMemory(db, tier);
  if (!Number.isInteger(db.maxConnections) || db.maxConnections < range.min || db.maxConnections > range.max) {
    const most = Math.max(range.min, Math.min(range.max, memory?.largestMaxConnections ?? range.max));
    const fix = clamp(Math.max(db.maxConnections, needed), { min: range.min, max: most });
    return wrong(`be a whole number from ${range.min} to ${range.max}`, "Cloud SQL refuses the flag otherwise", fix);
  }
  if (!memory || memory.neededMib <= memory.usableMib) return [];
  const bigger = smallestTierFor(Math.max(db.maxConnections, needed), db);
  const most = memory.largestMaxConnections;
  const isEnough = most >= Math.max(range.min, needed);
  return [
    problem({
      setting: name("maxConnections"),
      value: db.maxConnections,
      must: `be at most ${most} on ${db.tier}`,
      because: `${db.maxConnections} backends x ${memory.perBackendMib} MiB + ${Math.round(memory.sharedBuffersMib)} MiB shared_buffers = ${Math.round(memory.neededMib)} MiB exceed the usable ${Math.round(memory.usableMib)} MiB, and the instance would run out of memory`,
      ways: [
        ...(isEnough ? [[[name("maxConnections"), most] as const]] : []),
        ...(bigger ? [[[name("tier"), bigger.name] as const]] : []),
        ...(isEnough || bigger
          ? []
          : [
              [
                memory.perBackendMib > memory.usableMib / 100
                  ? ([name("workMemMib"), DEFAULT_WORK_MEM_MIB] as const)
                  : ([name("sharedBuffersMib"), Math.floor(tier.memoryMib / 4)] as const),
              ],
            ]),
      ],
    }),
  ];
}

/** Query insights, or days of point-in-time recovery, beyond what the edition allows. */
export function editionLimitProblems(
  values: { readonly [Field in EditionLimit]?: number | undefined },
  edition: string,
  name: Naming<EditionLimit> = identity,
): Problem[] {
  return (Object.keys(EDITION_LIMITS) as EditionLimit[]).flatMap((field) => {
    const [value, range] = [values[field], EDITION_LIMITS[field][edition]];
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

const EDITION_LIMITS = {
  queryStringLength: cloudSqlLimits.insightsQueryStringLength.value,
  queryPlansPerMinute: cloudSqlLimits.insightsQueryPlansPerMinute.value,
  transactionLogDays: cloudSqlLimits.transactionLogDays.value,
} as const;
type EditionLimit = keyof typeof EDITION_LIMITS;

/** Managed connection pooling on an edition that has none. */
export function poolingProblems(edition: string, name: Naming<"connectionPoolConfigs"> = identity): Problem[] {
  if (edition === "ENTERPRISE_PLUS") return [];
  return [
    problem({
      setting: name("connectionPoolConfigs"),
      value: "enabled",
      must: "not be set",
      because: `managed connection pooling needs edition ENTERPRISE_PLUS and this instance is ${edition}`,
      fix: "nothing and keep the pools in the application",
    }),
  ];
}

/**
 * A disk of a type that does not exist, or below what its type starts at. GB; a size that is left out is Google's to
 * choose.
 */
export function diskProblems(
  disk: { readonly diskGb?: number | undefined; readonly diskType?: string | undefined },
  name: Naming<"diskGb" | "diskType"> = identity,
): Problem[] {
  const type = disk.diskType || cloudSqlLimits.defaultDiskType.value;
  const known = Object.entries(cloudSqlLimits.diskGbMin.value);
  const least = known.find(([name]) => name === type)?.[1];
  const late = "Cloud SQL only says so when it creates the instance";
  if (least === undefined) {
    const must = `be one of ${known.map(([name]) => name).join(", ")}`;
    return [
      problem({
        setting: name("diskType"),
        value: type,
        must,
        because: `there is no other and ${late}`,
        fix: cloudSqlLimits.defaultDiskType.value,
      }),
    ];
  }
  if (disk.diskGb === undefined || disk.diskGb >= least) return [];
  const because = `a ${type} disk starts at ${least} GB and ${late}`;
  return [problem({ setting: name("diskGb"), value: disk.diskGb, must: `be at least ${least}`, because, fix: least })];
}
