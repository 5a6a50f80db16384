import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  databaseMemory,
  defaultMaxConnections,
  editionLimitProblems,
  effectiveEdition,
  maxConnectionsProblems,
  parseTier,
  postgresMajor,
  sharedCoreProblems,
  smallestTierFor,
  statedMaxConnectionsProblems,
  tierCatalogue,
  tierProblems,
} from "../../../capacity/constraints/cloudsql";
import { cloudSqlLimits } from "../../../capacity/limits";
import { proposedFix, proposedNumber } from "../proposed-fix";

const postgres14 = { version: "POSTGRES_14", edition: "ENTERPRISE" };
const tierOf = (name: string) => {
  const tier = parseTier(name);
  if (!tier) throw new Error(`${name} is no tier`);
  return tier;
};

describe("tiers", () => {
  test.each([
    ["db-custom-2-7680", { kind: "custom", vcpus: 2, memoryMib: 7680 }],
    ["db-perf-optimized-N-128", { kind: "predefined", vcpus: 128, memoryMib: 864 * 1024 }],
    ["db-c4a-highmem-4", { kind: "predefined", vcpus: 4, memoryMib: 32 * 1024 }],
    ["db-custom-N4-2-4096", { kind: "custom-n4", vcpus: 2, memoryMib: 4096 }],
    ["db-g1-small", { kind: "shared-core", memoryMib: 1740 }],
  ])("reads %s", (name, expected) => expect(parseTier(name)).toMatchObject(expected));

  test.each([
    "",
    "db-custom-1",
    "db-custom-1-3840-",
    "db-custom-one-3840",
    "db-perf-optimized-N-3",
    "db-c4a-highmem-80",
    "db-custom-N4-82-4096",
    "db-custom-N4-0-4096",
    "db-n1-standard-1",
    "constructor",
    "__proto__",
  ])("reads no tier in %j", (name) => {
    expect(parseTier(name)).toBeUndefined();
    expect(tierProblems({ ...postgres14, tier: name })).toHaveLength(1);
  });

  test.each([
    "db-custom-1-3840",
    "db-custom-1-6656",
    "db-custom-2-3840",
    "db-custom-96-638976",
    "db-custom-N4-2-4096",
    "db-g1-small",
  ])("accepts %s in ENTERPRISE", (tier) => {
    expect(tierProblems({ ...postgres14, tier })).toEqual([]);
  });

  test.each([
    ["db-custom-3-11520", "db-custom-4-11520"],
    ["db-custom-1-3841", "db-custom-1-4096"],
    ["db-custom-1-2048", "db-custom-1-3840"],
    ["db-custom-1-8192", "db-custom-1-6656"],
    ["db-custom-8-3840", "db-custom-8-7424"],
    ["db-custom-98-400000", "db-custom-96-400128"],
    ["db-custom-0-3840", "db-custom-1-3840"],
    ["db-perf-optimized-N-2", "db-custom-2-13312"],
    ["db-c4a-highmem-2", "db-custom-2-13312"],
  ])("refuses %s in ENTERPRISE and proposes %s", (tier, fix) => {
    const [problem] = tierProblems({ ...postgres14, tier });
    expect(problem && proposedFix(problem)).toBe(fix);
  });

  test.each([
    ["db-custom-4-15360", "db-perf-optimized-N-4"],
    ["db-custom-3-1", "db-perf-optimized-N-4"],
    ["db-custom-N4-4-16384", "db-perf-optimized-N-4"],
    ["db-g1-small", "db-perf-optimized-N-2"],
    ["db-custom-200-3840", "db-perf-optimized-N-128"],
  ])("refuses %s in ENTERPRISE_PLUS and proposes %s", (tier, fix) => {
    const [problem, ...others] = tierProblems({ tier, version: "POSTGRES_16", edition: "ENTERPRISE_PLUS" });
    expect(others).toEqual([]);
    expect(problem && proposedFix(problem)).toBe(fix);
  });

  test("what is proposed for a tier passes, for any custom tier and edition", () => {
    fc.assert(
      fc.property(
        fc.nat(200),
        fc.nat(900_000),
        fc.constantFrom("ENTERPRISE", "ENTERPRISE_PLUS"),
        (vcpus, memoryMib, edition) => {
          for (const problem of tierProblems({
            tier: `db-custom-${vcpus}-${memoryMib}`,
            edition,
            version: "POSTGRES_14",
          }))
            expect(tierProblems({ tier: proposedFix(problem), edition, version: "POSTGRES_14" })).toEqual([]);
        },
      ),
    );
  });

  test("PostgreSQL 16 with a custom tier and no edition: Google's default edition has no such tier", () => {
    expect(tierProblems({ tier: "db-custom-1-3840", version: "POSTGRES_16" }).map((p) => p.message)).toEqual([
      "'edition' (not set) must be ENTERPRISE because PostgreSQL 16 and newer default to ENTERPRISE_PLUS, which has no tier db-custom-1-3840; set 'edition' to ENTERPRISE",
    ]);
    expect(tierProblems({ tier: "db-custom-1-3840", version: "POSTGRES_15" })).toEqual([]);
  });

  test("reports both at once where the tier is illegal too", () => {
    expect(tierProblems({ tier: "db-custom-3-3840", version: "POSTGRES_17" }).map((p) => p.setting)).toEqual([
      "edition",
      "tier",
    ]);
  });

  test.each([
    [undefined, "POSTGRES_15", "ENTERPRISE"],
    [undefined, "POSTGRES_16", "ENTERPRISE_PLUS"],
    ["", "POSTGRES_9_6", "ENTERPRISE"],
    ["ENTERPRISE", "POSTGRES_17", "ENTERPRISE"],
    [undefined, "MYSQL_8_0", "ENTERPRISE"],
  ])("the edition of %j with %s is %s", (edition, version, expected) =>
    expect(effectiveEdition(edition, version)).toBe(expected),
  );

  test("reads PostgreSQL's major version", () => {
    expect(["POSTGRES_9_6", "POSTGRES_14", "MYSQL_8_0"].map(postgresMajor)).toEqual([9, 14, undefined]);
  });

  test("refuses a shared core", () => {
    expect(sharedCoreProblems("db-custom-1-3840")).toEqual([]);
    expect(sharedCoreProblems("db-f1-micro").map((p) => p.message)).toEqual([
      "'tier' (db-f1-micro) must be a dedicated-core tier because a shared core has a fraction of a CPU for the TLS and SCRAM work of a storm, and no SLA; set 'tier' to db-custom-1-3840",
    ]);
  });

  test("the catalogue holds legal ENTERPRISE tiers, smallest memory first for each number of vCPUs", () => {
    expect(tierCatalogue.map(({ name }) => name)).toContain("db-custom-1-3840");
    for (const { name } of tierCatalogue) expect(tierProblems({ ...postgres14, tier: name })).toEqual([]);
    expect(tierCatalogue.map(({ memoryMib }) => memoryMib)).toEqual(
      tierCatalogue.map(({ memoryMib }) => memoryMib).toSorted((a, b) => a - b),
    );
  });
});

describe("max_connections", () => {
  test.each([
    ["db-f1-micro", 25],
    ["db-g1-small", 50],
    ["db-custom-1-3840", 100],
    ["db-custom-1-6144", 200],
    ["db-custom-2-7680", 400],
    ["db-custom-2-8192", 400],
    ["db-custom-4-15360", 500],
    ["db-custom-4-16384", 500],
    ["db-custom-8-30720", 600],
    ["db-perf-optimized-N-4", 600],
    ["db-perf-optimized-N-8", 800],
    ["db-perf-optimized-N-16", 1000],
  ])("Google's default on %s is %i", (name, expected) => expect(defaultMaxConnections(tierOf(name))).toBe(expected));

  test("Google's own default fits the memory of every tier that there is", () => {
    const predefined = Object.keys(cloudSqlLimits.perfOptimizedMemoryGib.value).map((vcpus) =>
      tierOf(`db-perf-optimized-N-${vcpus}`),
    );
    const shared = Object.keys(cloudSqlLimits.sharedCore.value).map(tierOf);
    for (const tier of [...tierCatalogue, ...predefined, ...shared])
      expect(maxConnectionsProblems({ tier: tier.name, maxConnections: defaultMaxConnections(tier) })).toEqual([]);
  });

  test("staging's 150 fit db-custom-1-3840, as arithmetic", () => {
    const memory = databaseMemory(
      { tier: "db-custom-1-3840", maxConnections: 150, sharedBuffersMib: 1024, workMemMib: 4 },
      tierOf("db-custom-1-3840"),
    );
    expect(memory).toMatchObject({
      tierMib: 3840,
      usableMib: 3264,
      perBackendMib: 9,
      neededMib: 1024 + 150 * 9,
      largestMaxConnections: 248,
    });
  });

  test.each([13, 262_143, 100.5, Number.NaN, -1])("refuses %d: outside the flag's range", (maxConnections) => {
    const [problem] = maxConnectionsProblems({ tier: "db-custom-96-638976", maxConnections });
    expect(problem?.message).toContain(
      "must be a whole number from 14 to 262142 because Cloud SQL refuses the flag otherwise",
    );
  });

  test("refuses more backends than the memory holds, with the sum and the tier that does", () => {
    expect(maxConnectionsProblems({ tier: "db-custom-1-3840", maxConnections: 400 }).map((p) => p.message)).toEqual([
      "'maxConnections' (400) must be at most 220 on db-custom-1-3840 because 400 backends x 9 MiB + 1280 MiB shared_buffers = 4880 MiB exceed the usable 3264 MiB, and the instance would run out of memory; set 'maxConnections' to 220, or set 'tier' to db-custom-2-7680",
    ]);
  });

  test("the largest that fits does, and one more does not", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...tierCatalogue),
        fc.integer({ min: 128, max: 2000 }),
        fc.integer({ min: 1, max: 64 }),
        (tier, sharedBuffersMib, workMemMib) => {
          const of = (maxConnections: number) =>
            maxConnectionsProblems({ tier: tier.name, maxConnections, sharedBuffersMib, workMemMib });
          const { largestMaxConnections } = databaseMemory(
            { tier: tier.name, maxConnections: 0, sharedBuffersMib, workMemMib },
            tier,
          );
          fc.pre(largestMaxConnections >= 14);
          expect(of(largestMaxConnections)).toEqual([]);
          expect(of(largestMaxConnections + 1)).toHaveLength(1);
        },
      ),
    );
  });

  test("blames the memory flags where they leave no room for any backend", () => {
    expect(
      maxConnectionsProblems({ tier: "db-custom-1-3840", maxConnections: 150, sharedBuffersMib: 4096 })[0]?.message,
    ).toContain(
      "must be at most 0 on db-custom-1-3840 because 150 backends x 9 MiB + 4096 MiB shared_buffers = 5446 MiB exceed the usable 3264 MiB, and the instance would run out of memory; set 'tier' to db-custom-1-6656",
    );
  });

  test("both remedies pass: the smaller number, and the number on the larger tier", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...tierCatalogue),
        fc.integer({ min: 14, max: 12_000 }),
        fc.option(fc.integer({ min: 128, max: 8000 }), { nil: undefined }),
        (tier, maxConnections, sharedBuffersMib) => {
          const db = { tier: tier.name, maxConnections, sharedBuffersMib };
          for (const problem of maxConnectionsProblems(db)) {
            const memory = parseTier(tier.name)?.memoryMib ?? 0;
            for (const way of problem.ways ?? []) {
              const changed = { ...db, ...Object.fromEntries(way) };
              // Less memory for buffers gives room for some backends, if not for all.
              if (way[0]?.[0] === "sharedBuffersMib") expect(changed.sharedBuffersMib).toBeLessThan(memory);
              else expect(maxConnectionsProblems(changed)).toEqual([]);
            }
          }
        },
      ),
    );
  });

  test("the smallest tier for a number holds it, and no smaller one does", () => {
    fc.assert(
      fc.property(fc.integer({ min: 14, max: 8000 }), (maxConnections) => {
        const tier = smallestTierFor(maxConnections);
        const holds = (name: string) => maxConnectionsProblems({ tier: name, maxConnections }).length === 0;
        const smaller = tierCatalogue.slice(0, tier ? tierCatalogue.indexOf(tier) : undefined);
        if (tier) expect(holds(tier.name)).toBe(true);
        expect(smaller.some(({ name }) => holds(name))).toBe(false);
      }),
    );
    expect(smallestTierFor(100_000)).toBeUndefined();
  });

  test("must be stated", () => {
    const [problem] = statedMaxConnectionsProblems("db-custom-1-3840");
    expect(problem?.setting).toBe("maxConnections");
    expect(
      maxConnectionsProblems({ tier: "db-custom-1-3840", maxConnections: problem ? proposedNumber(problem) : 0 }),
    ).toEqual([]);
  });
});

describe("query insights", () => {
  test.each([
    ["ENTERPRISE", 256, 4500, 20],
    ["ENTERPRISE_PLUS", 1024, 100_000, 200],
  ])("%s takes %i..%i bytes and up to %i plans", (edition, least, most, plans) => {
    expect(editionLimitProblems({ queryStringLength: least, queryPlansPerMinute: 0 }, edition)).toEqual([]);
    expect(editionLimitProblems({ queryStringLength: most, queryPlansPerMinute: plans }, edition)).toEqual([]);
    const problems = editionLimitProblems({ queryStringLength: least - 1, queryPlansPerMinute: plans + 1 }, edition);
    expect(problems.map(proposedNumber)).toEqual([least, plans]);
    expect(editionLimitProblems({}, edition)).toEqual([]);
  });
});
