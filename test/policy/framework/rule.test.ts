import { describe, expect, test } from "vitest";
import type { CapacityPlan } from "../../../capacity/plan";
import { type Problem, problem } from "../../../capacity/problem";
import { planOf } from "../../../config/read";
import {
  infoOf,
  type Resource,
  type ResourceRule,
  type RuleRun,
  resourceRule,
  type StackResource,
  type StackRule,
  stackRule,
} from "../../../policy/framework/rule";
import { configSchema } from "../../../policy/framework/settings";
import { stagingSettings } from "../../stack-settings";
import { type Declared, findings, judge, judgeStack, stackFindings, UNKNOWN } from "../harness";

const about = {
  name: "sample",
  info: "A sample.",
  why: "Samples matter.",
  severity: "low",
  remediation: "Set it.",
} as const;
/** A problem of which only the text matters. */
const said = (message: string): Problem => ({
  ...problem({ setting: "x", must: "be", because: "it is", fix: 1 }),
  message,
});
const TYPE = "gcp:vpcaccess/connector:Connector";

type Judge = Parameters<typeof resourceRule>[0]["judge"];
type JudgeStack = Parameters<typeof stackRule>[0]["judge"];
const onResource = (judgement: Judge, types = [TYPE]): ResourceRule =>
  resourceRule({ ...about, types, judge: judgement });
const onStack = (judgement: JudgeStack): StackRule => stackRule({ ...about, judge: judgement });
const subject = (properties: Record<string, unknown> = {}, name = "subject"): Declared => ({
  type: TYPE,
  name,
  properties,
});

/** The same reading as a resource rule and as a stack rule: the wrapper must treat both alike. */
const reading = (read: (resource: Resource) => unknown) => ({
  resource: (declared: Declared, config?: RuleRun["settings"]) =>
    judge(
      onResource((resource) => void read(resource)),
      declared,
      config,
    ),
  stack: (declared: Declared, config?: RuleRun["settings"]) =>
    judgeStack(
      onStack(([first], { attempt }) => {
        if (first) attempt(first, () => read(first));
      }),
      [declared],
      config,
    ),
});

describe.each(["resource", "stack"] as const)("a %s rule", (kind) => {
  test("reports what is unknown at preview as not evaluated, and names the property", async () => {
    const rule = reading(({ properties }) => properties.object("settings").list("databaseFlags")[0]?.number("value"))[
      kind
    ];
    expect(await rule(subject({ settings: { databaseFlags: [{ value: UNKNOWN }] } }))).toEqual([
      {
        message:
          "cannot evaluate: 'settings.databaseFlags[0].value' is not known at preview; give it a plain value instead of another resource's output",
        resource: "subject",
        waived: false,
      },
    ]);
    expect(await rule(subject({ settings: UNKNOWN }))).toHaveLength(1);
    expect(await rule(subject({ settings: { databaseFlags: [UNKNOWN] } }))).toHaveLength(1);
  });

  test("reports what has another type as not evaluated, without its value", async () => {
    const rule = reading(({ properties }) => properties.number("count"))[kind];
    expect((await rule(subject({ count: "hunter2" }))).map((f) => f.message)).toEqual([
      "cannot evaluate: count must be a number",
    ]);
    expect((await rule(subject({ count: ["hunter2"] }))).map((f) => f.message)).toEqual([
      "cannot evaluate: count must be a number",
    ]);
  });

  test("reads null and absent alike", async () => {
    const rule = reading(({ properties }) =>
      expect([properties.number("count"), properties.text("count"), properties.has("count")]).toEqual([
        undefined,
        undefined,
        false,
      ]),
    )[kind];
    expect(await rule(subject({ count: null }))).toEqual([]);
    expect(await rule(subject())).toEqual([]);
  });

  test("neither crashes nor passes when the rule itself fails, and keeps the error's message to itself", async () => {
    for (const message of ["hunter2", "first line\nhunter2", "first line\n    at hunter2"]) {
      const [found, ...others] = await reading(() => {
        throw new TypeError(message);
      })[kind](subject());
      expect(others).toEqual([]);
      expect(found?.message).toMatch(/^cannot evaluate: the rule itself failed: TypeError at .*rule\.test\.ts:\d+:\d+/);
      expect(found?.message).not.toContain("hunter2");
    }
    const [thrown] = await reading(() => {
      throw "hunter2";
    })[kind](subject());
    expect(thrown?.message).toBe("cannot evaluate: the rule itself failed: unknown error");
  });

  describe("honours a waiver", () => {
    const rule = reading(({ properties }) => properties.number("count"))[kind];
    const malformed = subject({ count: "many" });
    const waived = [
      { message: "waived: it is a test\ncannot evaluate: count must be a number", resource: "subject", waived: true },
    ];

    test("by the resource's name, and by its URN", async () => {
      expect(await rule(malformed, { waivers: [{ resource: "subject", reason: "it is a test" }] })).toEqual(waived);
      expect(
        await rule(malformed, {
          waivers: [{ resource: `urn:pulumi:test::netra::${TYPE}::subject`, reason: "it is a test" }],
        }),
      ).toEqual(waived);
    });

    test.each([
      ["of another resource", { resource: "other", reason: "it is a test" }],
      ["of the whole stack", { resource: "stack", reason: "it is a test" }],
      ["without a reason", { resource: "subject", reason: "  " }],
      ["whose reason is missing", { resource: "subject" }],
      ["that is none", null],
    ])("but none %s", async (_, waiver) => {
      expect((await rule(malformed, { waivers: [waiver] })).map((f) => f.waived)).toEqual([false]);
    });

    test("but no list that is none", async () => {
      expect((await rule(malformed, { waivers: "subject" })).map((f) => f.waived)).toEqual([false]);
    });
  });

  test("lets nobody waive without a reason", () => {
    const rule = kind === "resource" ? onResource(() => {}) : onStack(() => {});
    expect(configSchema(rule).waivers).toMatchObject({ type: "array", items: { required: ["resource", "reason"] } });
  });
});

describe("configuration", () => {
  const config = {
    least: { type: "integer", description: "The least.", default: 3 },
    most: { type: "integer", description: "The most.", default: 10 },
  };
  const seen = resourceRule<{ least: number; most: number }>({
    ...about,
    types: [TYPE],
    config,
    judge: (_, { config: given, refuse }) => refuse(said(JSON.stringify(given))),
  });

  test("is the defaults where nothing is given, and the defaults around what is given", async () => {
    expect((await judge(seen, subject())).map((f) => f.message)).toEqual(['{"least":3,"most":10}']);
    expect((await judge(seen, subject(), { most: 5 })).map((f) => f.message)).toEqual(['{"least":3,"most":5}']);
  });

  test("holds no waivers", async () => {
    expect((await judge(seen, subject(), { waivers: [] })).map((f) => f.message)).toEqual(['{"least":3,"most":10}']);
  });

  test("is the schema that the engine validates against", () => {
    expect(configSchema(seen)).toMatchObject(config);
  });

  test("is what the stack's plan says where it has one, and what somebody has set goes first", () => {
    const planned = { ...config.least, fromPlan: ({ connector }: CapacityPlan) => connector.minInstances };
    const rule = resourceRule<{ least: number }>({
      ...about,
      types: [TYPE],
      config: { least: planned },
      judge: (_, { config: { least }, refuse }) => refuse(said(String(least))),
    });
    const plan = planOf(stagingSettings({ "netra:connector": { minInstances: 5 } }));
    const least = (run: RuleRun) => findings(rule, subject(), run).map(({ text }) => text);
    expect([least({}), least({ plan }), least({ plan, settings: { least: 7 } })]).toEqual([["3"], ["5"], ["7"]]);
    // The engine fills a schema's defaults in, and a default would look like a configured value.
    expect(configSchema(rule).least).toEqual({
      type: "integer",
      description: "The least. Default: the value in the stack's plan; without a plan 3.",
    });
  });
});

describe("a convention of this project", () => {
  const rule = resourceRule({
    ...about,
    convention: "whole",
    types: [TYPE],
    judge: (_, { refuse }) => refuse(said("wrong")),
  });
  const onAll = stackRule({
    ...about,
    convention: "whole",
    judge: ([first], { refuse }) => refuse(said("wrong"), first),
  });
  const plan = planOf(stagingSettings());
  const levels = (declared: Declared, run: RuleRun = {}) =>
    [...findings(rule, declared, run), ...stackFindings(onAll, [declared], run)].map(({ level }) => level);

  test("is one in part where the rule reports it as such", () => {
    const parts = { ...about, convention: "part" } as const;
    const onPart = resourceRule({
      ...parts,
      types: [TYPE],
      judge: (_, { refuse, cannotEvaluate, convention }) => {
        refuse(said("wrong"));
        cannotEvaluate("unknown");
        convention.refuse(said("unusual"));
        convention.cannotEvaluate("unknown");
      },
    });
    const onPartOfAll = stackRule({
      ...parts,
      judge: ([first], { refuse, cannotEvaluate, convention }) => {
        refuse(said("wrong"), first);
        cannotEvaluate("unknown", first);
        convention.refuse(said("unusual"), first);
        convention.cannotEvaluate("unknown", first);
      },
    });
    const inParts = ["mandatory", "mandatory", "advisory", "advisory"];
    const ofBoth = (run: RuleRun) =>
      [findings(onPart, subject(), run), stackFindings(onPartOfAll, [subject()], run)].map((all) =>
        all.map(({ level }) => level),
      );
    expect(ofBoth({})).toEqual([inParts, inParts]);
    for (const run of [{ plan }, { settings: { everywhere: true } }])
      expect(ofBoth(run).flat()).toEqual(Array(8).fill("mandatory"));
  });

  test("is named as one", () => {
    expect(infoOf(rule)).toBe("A sample. A convention of this project: other programs are advised of it.");
    expect(infoOf({ ...rule, convention: "part" })).toBe(
      "A sample. In part a convention of this project: other programs are advised of it.",
    );
    expect(infoOf(about)).toBe("A sample.");
  });

  test("advises other programs, unless they opt in", () => {
    expect(levels(subject())).toEqual(["advisory", "advisory"]);
    expect(levels(subject(), { settings: { everywhere: true } })).toEqual(["mandatory", "mandatory"]);
    expect(configSchema(rule).everywhere).toMatchObject({ type: "boolean", default: false });
  });

  test("is refused in this project's own program: its stack has a plan, or the resource stands in one of its components", () => {
    expect(levels(subject(), { plan })).toEqual(["mandatory", "mandatory"]);
    expect(
      levels({ ...subject(), urn: `urn:pulumi:staging::netra::netra:staging:Connector$${TYPE}::subject` }),
    ).toEqual(["mandatory", "mandatory"]);
  });
});

describe("a resource rule", () => {
  test("judges its types only, one or several", async () => {
    const types = [TYPE, "gcp:redis/instance:Instance"];
    const policy = onResource(({ type }, { refuse }) => refuse(said(type)), types);
    for (const type of types)
      expect((await judge(policy, { type, properties: {} })).map((f) => f.message)).toEqual([type]);
    expect(await judge(policy, { type: "gcp:compute/network:Network", properties: {} })).toEqual([]);
    expect(
      await judge(
        onResource((_, { refuse }) => refuse(said("always"))),
        { type: "gcp:compute/network:Network", properties: {} },
      ),
    ).toEqual([]);
  });

  test("reports every problem, and advice as advisory", async () => {
    const sentence = problem({ setting: "count", value: 0, must: "be 1", because: "it is", fix: 1 });
    const policy = onResource((_, { refuse, advise, cannotEvaluate }) => {
      refuse(said("one"), sentence);
      refuse();
      cannotEvaluate("three");
      cannotEvaluate(sentence);
      advise(said("four"));
    });
    expect(findings(policy, subject())).toMatchObject([
      { rule: "sample", level: "mandatory", outcome: "refused", text: "one", resource: { name: "subject" } },
      {
        text: "'count' (0) must be 1 because it is; set 'count' to 1",
        problem: { setting: "count", value: "0", must: "be 1", because: "it is", ways: [[["count", 1]]] },
      },
      { level: "mandatory", outcome: "cannot-evaluate", text: "three" },
      { outcome: "cannot-evaluate", problem: sentence },
      { level: "advisory", outcome: "refused", text: "four" },
    ]);
  });

  test("goes on after a part that cannot be evaluated", async () => {
    const policy = onResource(({ properties }, { attempt, refuse }) => {
      attempt(() => properties.number("count"));
      refuse(said("the rest"));
    });
    expect((await judge(policy, subject({ count: UNKNOWN }))).map((f) => f.message.slice(0, 24))).toEqual([
      "cannot evaluate: 'count'",
      "the rest",
    ]);
  });

  test("reads the provider's configuration", async () => {
    const policy = onResource(({ provider }, { refuse }) => refuse(said(provider.text("region") ?? "none")));
    expect((await judge(policy, { ...subject(), provider: { region: "us-central1" } })).map((f) => f.message)).toEqual([
      "us-central1",
    ]);
    expect((await judge(policy, subject())).map((f) => f.message)).toEqual(["none"]);
  });
});

describe("a stack rule", () => {
  test("blames a resource, or the whole stack, which has a waiver of its own", async () => {
    const policy = onStack(([first], { refuse, cannotEvaluate }) => {
      refuse(said("one of them"), first);
      refuse(said("all of it"));
      cannotEvaluate("the whole");
    });
    expect((await judgeStack(policy, [subject()])).map((f) => [f.message, f.resource])).toEqual([
      ["one of them", "subject"],
      ["all of it", undefined],
      ["cannot evaluate: the whole", undefined],
    ]);
    const found = await judgeStack(policy, [subject()], { waivers: [{ resource: "stack", reason: "known" }] });
    expect(found.map((f) => f.waived)).toEqual([false, true, true]);
  });

  test("fails for the stack when nothing attempted the part that failed", async () => {
    const policy = onStack(([first]) => void first?.properties.number("count"));
    expect((await judgeStack(policy, [subject({ count: UNKNOWN })])).map((f) => f.resource)).toEqual([undefined]);
  });

  test("goes on after a part that cannot be evaluated, and gives what a part returns", async () => {
    const policy = onStack((resources, { attempt, refuse }) => {
      const counts = resources.map((resource) => attempt(resource, () => resource.properties.number("count")));
      refuse(said(JSON.stringify(counts)));
    });
    const found = await judgeStack(policy, [
      subject({ count: 1 }, "one"),
      subject({ count: "x" }, "two"),
      subject({ count: 3 }, "three"),
    ]);
    expect(found.map((f) => [f.message, f.resource])).toEqual([
      ["cannot evaluate: count must be a number", "two"],
      ["[1,3,null]", undefined],
    ]);
  });

  test("sees the resources by URN, in whatever order the engine hands them over", async () => {
    const policy = onStack((resources, { refuse }) => refuse(said(resources.map(({ name }) => name).join())));
    for (const names of [
      ["auth", "backend", "chat"],
      ["chat", "auth", "backend"],
    ])
      expect(
        (
          await judgeStack(
            policy,
            names.map((name) => subject({}, name)),
          )
        ).map((f) => f.message),
      ).toEqual(["auth,backend,chat"]);
  });

  test("never takes an unknown output for one that is there: the cloud may fill in what the program left out", async () => {
    const asked = (ask: (properties: StackResource["properties"]) => boolean) =>
      messagesOf(([first], { refuse }) => {
        if (first && ask(first.properties)) refuse(said("it is there"));
      });
    const unknown =
      "cannot evaluate: 'template.probe' is not known at preview; give it a plain value instead of another resource's output";
    const template = { probe: UNKNOWN };
    const messagesOf = async (judgement: JudgeStack) =>
      (await judgeStack(onStack(judgement), [subject({ template })])).map(({ message }) => message);
    expect(await asked((properties) => properties.object("template").has("probe"))).toEqual([unknown]);
    expect(await asked((properties) => properties.object("template").hasText("probe"))).toEqual([unknown]);
    expect(await asked((properties) => properties.object("template").knownOnly().has("probe"))).toEqual([]);
    expect(await asked((properties) => properties.object("template").mayHave("probe"))).toEqual(["it is there"]);
  });

  test("knows dependencies, parents and children", async () => {
    const related: string[] = [];
    const names = (resources: readonly StackResource[]) => resources.map(({ name }) => name).join();
    const policy = onStack((resources) => {
      for (const { name, dependencies, parent, children } of resources)
        related.push(`${name}: ${names(dependencies)} / ${parent?.name ?? ""} / ${names(children)}`);
    });
    await judgeStack(policy, [
      subject({}, "group"),
      { ...subject({}, "inner"), parent: "group", dependsOn: ["other"] },
      subject({}, "other"),
    ]);
    expect(related).toEqual(["group:  /  / inner", "inner: other / group / ", "other:  /  / "]);
  });
});

describe("properties", () => {
  const read = async (properties: Record<string, unknown>, reader: (resource: Resource) => unknown) => {
    let value: unknown;
    const found = await judge(
      onResource((resource) => {
        value = reader(resource);
      }),
      subject(properties),
    );
    return found[0]?.message ?? value;
  };

  test.each([
    ["3", 3],
    [" -2.5 ", -2.5],
    ["0x10", "cannot evaluate: value must be a number"],
    ["1e2", "cannot evaluate: value must be a number"],
    ["", "cannot evaluate: value must be a number"],
    [Number.NaN, "cannot evaluate: value must be a number"],
    [true, "cannot evaluate: value must be a number"],
  ])("a number from %j is %j", async (value, expected) => {
    expect(await read({ value }, ({ properties }) => properties.number("value"))).toBe(expected);
  });

  test.each([
    [true, true],
    ["false", false],
    ["no", "cannot evaluate: value must be true or false"],
    [0, "cannot evaluate: value must be true or false"],
  ])("a flag from %j is %j", async (value, expected) => {
    expect(await read({ value }, ({ properties }) => properties.flag("value"))).toBe(expected);
  });

  test("a path says where a value stands", async () => {
    expect(
      await read({ a: { b: [{ c: "x" }] } }, ({ properties }) => properties.object("a").list("b")[0]?.number("c")),
    ).toBe("cannot evaluate: a.b[0].c must be a number");
    expect(await read({ a: [] }, ({ properties }) => properties.object("a"))).toBe(
      "cannot evaluate: a must be an object",
    );
    expect(await read({ a: {} }, ({ properties }) => properties.list("a"))).toBe("cannot evaluate: a must be a list");
    expect(await read({ a: [1] }, ({ properties }) => properties.texts("a"))).toBe(
      "cannot evaluate: a[0] must be a text",
    );
  });

  test("an unknown one is set, and absent where only the known ones are asked for", async () => {
    const properties = { one: UNKNOWN, deep: { two: UNKNOWN, list: [UNKNOWN, "three"] } };
    expect(
      await read(properties, (r) => [
        r.properties.has("one"),
        r.properties.isUnknown("one"),
        r.properties.hasText("one"),
      ]),
    ).toEqual([true, true, true]);
    expect(
      await read(properties, (r) => {
        const known = r.properties.knownOnly();
        return [
          known.has("one"),
          known.text("one"),
          known.object("deep").number("two"),
          known.object("deep").texts("list"),
        ];
      }),
    ).toEqual([false, undefined, undefined, ["three"]]);
  });

  test("an unknown one may be set", async () => {
    const properties = { one: UNKNOWN, two: "2", none: "", nothing: [], null: null };
    const asked = ({ properties: inputs }: Resource) =>
      ["one", "two", "none", "nothing", "null", "absent"].map((key) => inputs.mayHave(key));
    expect(await read(properties, asked)).toEqual([true, true, false, false, false, false]);
    expect(await read(properties, ({ properties: inputs }) => inputs.knownOnly().mayHave("one"))).toBe(false);
  });

  test("one of fixed values has capitals, however a program spells it", async () => {
    const properties = { mode: "Manual", none: "", number: 1 };
    expect(await read(properties, (r) => ["mode", "none", "absent"].map((key) => r.properties.choice(key)))).toEqual([
      "MANUAL",
      undefined,
      undefined,
    ]);
    expect(await read(properties, (r) => r.properties.choice("number"))).toBe("cannot evaluate: number must be a text");
  });

  test("a malformed one stays malformed where only the known ones are asked for", async () => {
    expect(await read({ one: 1 }, (r) => r.properties.knownOnly().text("one"))).toBe(
      "cannot evaluate: one must be a text",
    );
  });
});
