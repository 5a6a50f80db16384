import { describe, expect, test } from "vitest";
import { memoized } from "../capacity/memoized";
import type { InputProblem, Problem, Way } from "../capacity/problem";
import { at, following, type Path, problemsOf, withValue } from "./proposals";
import { stagingConfiguration } from "./stack-settings";

/*
 * What a message proposes must pass: every setting of the stack file is set to something foolish, and each way that is
 * then proposed is followed to the letter. Storms have their own proposals (test/capacity/storm/results.test.ts).
 */

/** A CPU count or an amount of memory, which the file writes as text. */
const QUANTITY = /^(\d+(?:\.\d+)?)(m|[KMGT]i)?$/;

/** The paths of all sections and settings; of entries that are alike, the first one's. */
function pathsIn(value: unknown, path: Path = []): Path[] {
  const own = path.length > 0 ? [path] : [];
  if (value === null || typeof value !== "object") return own;
  const isAlike = Array.isArray(value) || path.join() === "netra:secrets";
  const entries = isAlike
    ? [
        ...new Map(
          Object.entries(value)
            .toReversed()
            .map(([key, item]) => [kindOfEntry(item), [key, item] as const]),
        ).values(),
      ]
    : Object.entries(value);
  return [
    ...own,
    ...entries.flatMap(([key, item]) => pathsIn(item, [...path, Array.isArray(value) ? Number(key) : key])),
  ];
}

/** The settings that an entry of a list or of `netra:secrets` states. */
const kindOfEntry = (item: unknown): string =>
  item !== null && typeof item === "object" ? Object.keys(item).toSorted().join() : typeof item;

/** Whatever somebody may write in the place of a value: nothing, another kind, too little, too much, a neighbour's. */
function foolish(stated: unknown): unknown[] {
  const other = [undefined, null, "", " ", "x", 0, true, [], {}];
  const [, digits, unit = ""] = (typeof stated !== "object" && QUANTITY.exec(String(stated))) || [];
  if (digits !== undefined) {
    const value = Number(digits);
    const numbers = [-1, 0, 1, 1.5, value - 1, value + 1, 2 * value, 10 * value, value / 10, 1e9, 1e300];
    return [
      ...other,
      ...numbers.map((number) => (typeof stated === "string" ? `${number}${unit}` : number)),
      `${value}`,
      `${value} seconds`,
      "2GB",
      "many",
    ];
  }
  if (typeof stated === "boolean") return [...other, !stated, "yes"];
  if (Array.isArray(stated)) return [...other, [...stated, "x"], [...stated, ...stated], stated.slice(1)];
  if (typeof stated === "object") return [...other, { ...stated, nonsense: 1 }];
  const text = String(stated);
  const changed = [
    text.toUpperCase(),
    ` ${text}`,
    `${text} `,
    `${text}-${"y".repeat(60)}`,
    `production-${text}`,
    text.slice(0, -1),
    `${text}x`,
  ];
  const ranges = ["10.0.0.0/8", "10.1.0.0/24", "10.1.0.0/29", "10.1.0.8/28"];
  return [
    ...other,
    ...changed,
    ...ranges,
    "no.such.thing",
    "ENTERPRISE_PLUS",
    "built-in-socket",
    "all-traffic",
    "db-f1-micro",
    "POSTGRES_99",
    "latest",
  ];
}

/** What is found, whatever its numbers. */
const kindOf = ({ setting, message }: InputProblem) =>
  `${setting} ${(/ must (.*?) because /s.exec(message)?.[1] ?? message).replaceAll(/[\d.]+/g, "#")}`;

/** Findings of the plan are data; a value that cannot be read hides what the plan would say of it. */
const isOfPlan = (found: InputProblem): found is Problem => "because" in found;

/**
 * Follows one way of a finding, and then the first of each new one: how many steps it takes; `undefined`: it does not
 * end. `judge` is `problemsOf`.
 */
function stepsOf(
  wrong: Record<string, unknown>,
  found: InputProblem,
  way: Way,
  judge: typeof problemsOf,
): number | undefined {
  const known = new Set(judge(wrong).map(kindOf));
  let configuration = following(wrong, way);
  if (judge(configuration).some(({ message }) => message === found.message)) return undefined;
  for (let steps = 1; steps <= MOST_STEPS; steps++) {
    const [next] = judge(configuration).filter((other) => !known.has(kindOf(other)));
    if (!next) return steps;
    const [further] = next.ways ?? [];
    if (!further) return undefined;
    configuration = following(configuration, further);
  }
  return undefined;
}

const MOST_STEPS = 3;

/** Staging's, with what may be left out. */
const configuration = stagingConfiguration({
  "netra:network": { nat: { name: "staging-nat", minPortsPerVm: 64 } },
  "netra:secrets": { JWT_SECRET_KEY: { version: 2, rotation: 2, disabledThroughRotation: 1 } },
});
const paths = pathsIn(configuration).filter(([section]) => String(section).startsWith("netra:"));

test("the whole stack file is tried, and it is sound as it is", () => {
  expect(problemsOf(configuration)).toEqual([]);
  expect(paths.length).toBeGreaterThan(200);
});

test.each(paths.map((path) => [path.join("."), path] as const))(
  "a foolish %s is answered with ways that pass",
  (_, path) => {
    const judge = remembering(problemsOf);
    for (const value of foolish(at(configuration, path))) {
      const wrong = withValue(configuration, path, value);
      const all = judge(wrong);
      const isMisread = !all.every(isOfPlan);
      for (const found of all)
        for (const way of found.ways ?? []) {
          const steps = stepsOf(wrong, found, way, judge);
          expect(steps, found.message).toBeDefined();
          // What the plan's own checks propose leads to nothing else.
          if (isOfPlan(found) && found.ways?.[0] === way && !isMisread) expect(steps, found.message).toBe(1);
        }
    }
  },
);

/** Configurations share the sections that they do not change. */
const textOfSection = memoized((section: object) => JSON.stringify(section));
const textOf = (value: unknown) =>
  value !== null && typeof value === "object" ? textOfSection(value) : String(JSON.stringify(value));

/** Most proposals for a setting lead to the same few configurations. */
function remembering(judge: typeof problemsOf): typeof problemsOf {
  const known = new Map<string, readonly InputProblem[]>();
  return (wrong) => {
    const key = Object.entries(wrong).flat().map(textOf).join("\n");
    const problems = known.get(key) ?? judge(wrong);
    known.set(key, problems);
    return problems;
  };
}

describe("what used to lead astray", () => {
  const messages = (wrong: Record<string, unknown>) =>
    problemsOf(wrong).map(({ message }) => message.slice(message.lastIndexOf("; ") + 2));
  const set = (path: Path, value: unknown) => messages(withValue(configuration, path, value));

  test("a tier that is too small is the mistake, and another tier its way", () => {
    expect(set(["netra:database", "tier"], "db-f1-micro")).toEqual(
      expect.arrayContaining(["set 'netra:database.tier' to db-custom-1-3840"]),
    );
  });

  test("two workers: the pool's size that fits, as it is written", () => {
    const wrong = withValue(configuration, ["netra:services", "backend", "database", "workers"], 2);
    expect(messages(withValue(wrong, ["netra:database", "maxConnections"], 140))[0]).toMatch(
      /^set 'netra:database.maxConnections' to \d+, or set 'netra:services.backend.database.poolSize' to \d+, or set 'netra:services.backend.maxInstances' to \d+$/,
    );
  });

  test("a secret that nobody declared is removed, not replaced by another one", () => {
    expect(set(["netra:services", "backend", "secrets", 12], "STRIPE_API_TOKEN")).toEqual(["remove it"]);
    expect(set(["netra:services", "backend", "secrets", 12], "GEMINI_API_KEYS")).toEqual(["remove it"]);
  });

  test("a service that goes takes its hosts along", () => {
    expect(set(["netra:services", "frontend"], undefined)[0]).toMatch(
      /^remove 'netra:hosts.frontend'|^set 'netra:edge.certificates\[0\]' to \[api.staging.netrasystems.ai, auth.staging.netrasystems.ai\], and remove 'netra:hosts.frontend'/,
    );
  });

  test("a connector's name for another stack is cut to what Google takes", () => {
    expect(set(["netra:connector", "name"], "production-connector")).toEqual([
      "set 'netra:connector.name' to production-conn",
    ]);
  });

  test("monitoring that is only switched off", () => {
    expect(set(["netra:monitoring", "disabled"], true)[0]).toMatch(
      /^set 'netra:monitoring.disabled' to \{ reason: .+ \}$/,
    );
  });
});
