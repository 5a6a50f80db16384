import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { marked } from "marked";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { judge } from "../../../commands/guard/judge";
import { COMMENT_MARKER, comment } from "../../../commands/pipeline/comment";
import { readGuardFile, readVerdictFile } from "../../../commands/pipeline/verdict-file";
import { CONNECTOR, NETWORK } from "../../../config/resource-types";
import { readPreview } from "../../../engine/preview";
import type { Verdict } from "../../../report/verdict";
import { verdictOn } from "../../report/verdict";
import type { Changes } from "../../stack-settings";
import { digest } from "../guard/previews";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "netra-comment-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function written(content: unknown): string {
  const file = join(folder, `${files++}.json`);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

const NONE = "no/such/file.json";
const of = (head: unknown, base: unknown, guard: unknown = undefined) =>
  comment({
    head: readVerdictFile(head === undefined ? NONE : written(head)),
    base: readVerdictFile(base === undefined ? NONE : written(base)),
    guard: readGuardFile(guard === undefined ? NONE : written(guard)),
  });

const resource = (name: string) => ({
  type: "gcp:cloudrunv2/service:Service",
  name,
  urn: `urn:${name}`,
  parent: "",
  dependencies: [],
  options: { protect: true, import: "", ignoreChanges: [] },
  inputs: { password: "[secret]" },
});
const sound = verdictOn({}, { resources: [resource("backend")] });
const pool = (size: number, said: Partial<Verdict> = {}): Changes => ({
  "netra:services": { backend: { database: { poolSize: size } } },
  ...said,
});
const section = (text: string, title: string) =>
  text.split(/^(?=## |<details>)/m).find((part) => part.startsWith(`## ${title}`)) ?? "";
const verdictLine = (text: string) => text.split("\n")[2] ?? "";

describe("the comment", () => {
  test("begins with its marker and the verdict, and has every part in its order", () => {
    const text = of(sound, sound);
    expect(text.startsWith(`${COMMENT_MARKER}\n\n# staging: the plan is sound: 92 of 120 connections, at least `)).toBe(
      true,
    );
    expect(text.match(/^(## .*|<details>.*)$/gm)).toEqual([
      "## What changes against the base",
      "## What an update would do",
      "## Connection budget",
      "## Start-up storms",
      "<details><summary>Checks of the plan</summary>",
      "## Checks of the plan",
      "<details><summary>Cost</summary>",
      "## Cost",
    ]);
    expect(text).toContain("| backend                 | (5 + 5) x 5");
  });

  test("reports that nothing changes where nothing does", () => {
    expect(section(of(sound, sound), "What changes")).toBe(
      "## What changes against the base\n\nNo differences: capacity, storms, resources and cost are unchanged.\n\n",
    );
  });

  const rowsOf = (head: unknown, base: unknown = sound) =>
    section(of(head, base), "What changes")
      .split("\n")
      .filter((line) => line.startsWith("| "))
      .slice(2) // the heads and the line below them
      .map((line) => line.split("|").map((cell) => cell.trim()))
      .map((cells) => cells.slice(1, -1));

  test("lists what a change of the plan changes in capacity, resources and cost, and nothing else", () => {
    const head = verdictOn(
      { "netra:services": { frontend: { maxInstances: 4 } }, "netra:database": { diskGb: 30 } },
      { resources: [resource("frontend")] },
    );
    const rows = rowsOf(head);
    expect(rows).toContainEqual(["resource backend (gcp:cloudrunv2/service:Service)", "there", "-"]);
    expect(rows).toContainEqual(["resource frontend (gcp:cloudrunv2/service:Service)", "-", "there"]);
    const [, before = "", after = ""] = rows.find(([what]) => what === "cost a month") ?? [];
    // 10 GiB of SSD: 0.17 each.
    expect(Number.parseFloat(after) - Number.parseFloat(before)).toBeCloseTo(1.7, 5);
    expect(rows.filter(([what]) => /connections|storm|ready/.test(what ?? ""))).toEqual([]);
  });

  test("of a larger pool, shows the connections once and no storm that the pool does not change", () => {
    expect(rowsOf(verdictOn(pool(10), { resources: sound.resources }))).toEqual([
      ["connections of the plan", "92 of 120", "162 of 120"],
      ["connections of backend", "(5 + 5) x 5 = 50", "(5 + 5) x 12 = 120"],
    ]);
  });

  describe("of two results of a storm", () => {
    const [storm] = sound.storms;
    if (!storm) throw new Error("the plan has storms");
    const success = { mean: 0.999, lower: 0.995, upper: 1 };
    const base = { ...sound, checks: [], storms: [{ ...storm, success, replications: 1000 }] };
    const changed = (changes: Partial<typeof storm>) =>
      rowsOf({ ...base, storms: [{ ...storm, success, replications: 1000, ...changes }] }, base);

    test("shows shares only if their intervals do not overlap, and their confidence", () => {
      expect(changed({ success: { mean: 0.99, lower: 0.98, upper: 0.996 } })).toEqual([]);
      expect(changed({ success: { mean: 0.9, lower: 0.88, upper: 0.92 } })).toEqual([
        ["cold-start: ready at the first try (95 % confidence)", "99.50 % to 100.00 %", "88.00 % to 92.00 %"],
      ]);
    });

    test("shows times and bottlenecks only of as many storms", () => {
      const changes = { readySeconds: { p50: 1, p95: 99, p99: 99 }, bottleneck: "connector" as const };
      expect(changed({ ...changes, replications: 100 })).toEqual([]);
      expect(changed(changes)).toEqual([
        ["cold-start: p95 to ready", expect.stringMatching(/ s$/), "99.0 s"],
        ["cold-start: bottleneck", "none", "connector"],
      ]);
    });

    test("shows a storm that one side does not have", () => {
      expect(rowsOf({ ...base, storms: [] }, base).map(([what, , head]) => [what, head])).toEqual([
        ["cold-start: starts at once", "-"],
        ["cold-start: ready at the first try (95 % confidence)", "-"],
        ["cold-start: p95 to ready", "-"],
        ["cold-start: bottleneck", "-"],
      ]);
    });
  });

  test("a refused plan says so at once, with its findings before anything else", () => {
    const head = verdictOn(pool(20), {
      violations: [
        { policy: "connection-budget", level: "mandatory", resource: "stack", message: "too many", outcome: "refused" },
      ],
      waived: [{ policy: "secret-value", resource: "key", reason: "until Friday" }],
    });
    const text = of(head, sound);
    expect(verdictLine(text)).toMatch(/^# staging: the plan is REFUSED, \d+ findings: 262 of 120 connections/);
    expect(text.match(/^## .*$/gm)?.slice(0, 4)).toEqual([
      "## What the plan must change",
      "## What only the policy pack finds",
      "## Waived",
      "## What changes against the base",
    ]);
    expect(text).toContain("- [mandatory] **connection-budget** on stack: too many\n");
  });

  test("reports a base that cannot be evaluated, and the rest stands", () => {
    const changes = (base: unknown) => section(of(sound, base), "What changes").trim().split("\n").at(-1);
    expect(changes(undefined)).toBe(
      "The base cannot be evaluated (the run ended before it), so there is no comparison.",
    );
    expect(changes("npm error")).toBe(
      "The base cannot be evaluated (its output is there and cannot be read), so there is no comparison.",
    );
    expect(changes({ hello: 1 })).toBe(
      "The base cannot be evaluated (`npm run check -- --json` printed no verdict), so there is no comparison.",
    );
    expect(changes({ stack: "staging", ok: false, problems: [{ setting: "x", message: "x" }] })).toBe(
      "The base cannot be evaluated (its stack file is not a valid plan), so there is no comparison.",
    );
  });

  test("a stack file that is no plan shows its problems, a run without a verdict that there is none", () => {
    const problems = of({ stack: "staging", ok: false, problems: [{ setting: "a", message: "'a' must be b" }] }, sound);
    expect(verdictLine(problems)).toBe("# The stack file is not a valid plan");
    expect(problems).toContain("\n- 'a' must be b\n");
    expect(verdictLine(of(undefined, sound))).toBe("# No verdict");
    expect(of(undefined, sound)).toContain(
      "# No verdict\n\nThere is no result (the run ended before it); see the log of the workflow `preview`.\n\n",
    );
  });
});

describe("the preview in the comment", () => {
  const guarded = (steps: Parameters<typeof digest>[0]["steps"]) =>
    judge(readPreview(digest({ steps: steps ?? [] }), "preview.json"));
  const shown = (guard: unknown) => section(of(sound, sound, guard), "What an update would do").trim();

  test("is reported as unreadable where its file cannot be read or holds something else", () => {
    for (const file of [written('{"ok": tr'), folder])
      expect(readGuardFile(file)).toEqual({
        problems: ["its output is there and cannot be read; the log of the job `preview` shows why"],
      });
    expect(shown({ hello: 1 })).toContain("`npm run guard -- --json` printed no verdict");
    expect(readVerdictFile(folder)).toEqual({ none: "its output is there and cannot be read" });
  });

  test("was not made without credentials", () => {
    expect(shown(undefined)).toBe(
      "## What an update would do\n\nNot previewed: this run had no credentials, or the preview did not start.",
    );
  });

  test("shows steps, what interrupts and what is refused", () => {
    const machine = {
      op: "update",
      type: CONNECTOR,
      name: "staging-connector",
      old: { machineType: "e2-micro" },
      new: { machineType: "f1-micro" },
      changed: ["machineType"],
    };
    expect(shown(guarded([machine]))).toMatch(
      /^## What an update would do\n\n`guard` refuses nothing\. Steps: 1 update\.\n\n- interrupts \(connections\): staging-connector, machineType e2-micro -&gt; f1-micro: /,
    );
    expect(shown(guarded([{ op: "delete", type: NETWORK, name: "staging-vpc", old: {} }]))).toMatch(
      /`guard` REFUSES it, for one reason\. Steps: 1 delete\.\n\n- 'staging-vpc' \(VPC\) must not be deleted because /,
    );
  });

  test("shows what is wrong with a preview that guard cannot read", () => {
    expect(shown({ ok: false, problems: [{ setting: "x", message: "'x' must hold a preview" }] })).toBe(
      "## What an update would do\n\n- 'x' must hold a preview",
    );
  });
});

describe("a verdict that somebody made up", () => {
  const EVIL =
    "</details><script>alert(1)</script> @everyone [x](https://evil.example) ![y](https://evil.example/z.png)\n\n# merged by netra | x |";

  test("shows its texts and nothing more", () => {
    const everywhere = (value: unknown): unknown => {
      if (typeof value === "string") return EVIL;
      if (Array.isArray(value)) return value.map(everywhere);
      if (value === null || typeof value !== "object") return value;
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [
          key,
          ["level", "outcome"].includes(key)
            ? item
            : ["figures", "changes"].includes(key)
              ? { [EVIL]: 1 }
              : everywhere(item),
        ]),
      );
    };
    const violation = { policy: "a", level: "mandatory", resource: "b", message: "c", outcome: "refused" };
    const made = everywhere({
      ...verdictOn(pool(20)),
      violations: [violation],
      waived: [{ policy: "a", resource: "b", reason: "c" }],
      resources: [resource("x")],
    });
    const guard = everywhere({
      ok: false,
      refused: [{ message: "a" }],
      announced: [{ resource: "a", change: "b", effect: "c", consequence: "d" }],
      changes: { same: 1 },
    });
    const text = of(made, sound, guard);
    const html = String(marked.parse(text));
    expect(html).toContain("&lt;script&gt;");
    expect(html).not.toMatch(/<script|<a |<img|@everyone|:\/\/evil/);
    expect(html.match(/<\/details>/g)).toHaveLength(html.match(/<details>/g)?.length ?? 0);
    expect(text.match(/^# /gm)).toHaveLength(1);
  });

  test("is no verdict where a figure or a level is none", () => {
    for (const changed of [
      { ok: "yes" },
      { budget: { ...sound.budget, demand: "<b>" } },
      { violations: [{ policy: "a", level: "<b>", resource: "b", message: "c", outcome: "refused" }] },
    ])
      expect(verdictLine(of({ ...sound, ...changed }, sound))).toBe("# No verdict");
  });

  test("is none with more entries than a person looks at, in a list or in a table", () => {
    const figures = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`figure ${i}`, i]));
    const checks = [{ title: "a", arithmetic: [], problems: [], figures }];
    for (const changed of [{ checks }, { resources: Array.from({ length: 1001 }, () => resource("x")) }])
      expect(verdictLine(of({ ...sound, ...changed }, sound))).toBe("# No verdict");
  });

  test("never makes a comment longer than GitHub takes: the verdict stays, and it names what was left out", () => {
    const violations = Array.from({ length: 900 }, (_, i) => ({
      policy: `p${i}`,
      level: "mandatory",
      resource: "r",
      message: "m".repeat(100),
      outcome: "refused" as const,
    }));
    const text = of({ ...sound, ok: false, violations }, sound);
    expect(text.length).toBeLessThanOrEqual(65_536);
    expect(verdictLine(text)).toContain("REFUSED, 900 findings");
    expect(text).toContain("\n\nOmitted, because a comment is limited to 65536 characters: the findings.\n");
    expect(text).toContain("## Connection budget");
  });
});
