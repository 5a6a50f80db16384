import { describe, expect, test } from "vitest";
import { InputError } from "../../../capacity/problem";
import { CONNECTOR } from "../../../config/resource-types";
import { readPreview } from "../../../engine/preview";
import { digest, stream, type TestPreview } from "../../commands/guard/previews";

function problem(text: string): string {
  try {
    readPreview(text, "preview.json", "staging");
    return "";
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}

const preview: TestPreview = {
  steps: [
    {
      op: "update",
      type: CONNECTOR,
      name: "staging-connector",
      old: { minInstances: 3 },
      new: { minInstances: 4 },
      changed: ["minInstances"],
    },
  ],
  config: { "netra:acknowledge": { "staging-connector": { change: "delete", reason: "#1301" } } },
  errors: [{ message: "it failed" }],
};

test("digest and stream are read as the same preview", () => {
  const read = readPreview(digest(preview), "preview.json", "staging");
  expect(read).toEqual(readPreview(stream(preview), "preview.json", "staging"));
  expect(read).toMatchObject({
    steps: [
      {
        op: "update",
        type: CONNECTOR,
        name: "staging-connector",
        changed: ["minInstances"],
        old: { inputs: { minInstances: 3 } },
      },
    ],
    errors: [{ message: "it failed" }, { message: "preview failed" }],
    changes: { update: 1 },
    acknowledgements: { "staging-connector": { change: "delete", reason: "#1301" } },
  });
});

test("a stream whose summary reports a failed preview has failed, without any other message", () => {
  const cancelled = stream({}).replace('"result":"succeeded"', '"result":"canceled"');
  expect(readPreview(cancelled, "preview.json", "staging").errors).toEqual([{ urn: "", message: "preview failed" }]);
});

test("fields that a later engine adds are passed over", () => {
  const later = { ...JSON.parse(digest(preview)), novelty: { deep: [1] } };
  expect(readPreview(JSON.stringify(later), "preview.json", "staging")).toEqual(
    readPreview(digest(preview), "preview.json", "staging"),
  );
});

test("what a refresh has found counts in both formats", () => {
  const lost = { op: "delete", type: CONNECTOR, name: "staging-connector", old: { minInstances: 3 } };
  const lines = stream({ steps: [{ ...lost, op: "refresh" }] }).split("\n");
  const found = JSON.parse(stream({ steps: [lost] }).split("\n")[1] ?? "").resourcePreEvent;
  lines.splice(2, 0, JSON.stringify({ sequence: 9, resOutputsEvent: found }));
  const read = readPreview(lines.join("\n"), "preview.json", "staging");
  expect(read.steps).toEqual(readPreview(digest({ steps: [lost] }), "preview.json", "staging").steps);
});

const NO_PREVIEW =
  "'preview.json' must be the output of `pulumi preview --json` because nothing else shows what an update would do; redirect standard output to it, with npm's --silent";

describe("bad input", () => {
  test.each([
    ["no JSON"],
    ["[]"],
    ["null"],
    ["3"],
    ["{}"],
    ['{"steps": "many"}'],
    ['{"ok": true}'],
    ['{"changeSummary": {"same": "all"}}'],
    ["{"],
    ["{}\n{}"],
  ])("%j", (text) => {
    expect(problem(text)).toBe(NO_PREVIEW);
  });

  test.each([[""], ["\n \n"]])("an empty file: %j", (text) => {
    expect(problem(text)).toBe(
      "'preview.json' must hold a preview because it is empty: `pulumi preview --json` stopped before it began; run it again and read its output",
    );
  });

  const CUT =
    "'preview.json' must end with the summary because without it steps may be missing: the stream was cut off; let `pulumi preview --json` complete";
  test("a stream that was cut off between two lines, or within one", () => {
    const lines = stream(preview).trimEnd().split("\n");
    expect(problem(lines.slice(0, -2).join("\n"))).toBe(CUT);
    expect(problem(lines.slice(0, 1).join("\n"))).toBe(CUT);
    expect(problem(lines.join("\n").replace(/,"isPreview".*/s, ""))).toBe(CUT);
  });

  test("a stream with a line in it that is no event", () => {
    expect(problem(stream(preview).replace("\n", "\nwarning: a line of somebody else\n"))).toBe(CUT);
  });

  test("the log of an update", () => {
    expect(problem(stream(preview).replace('"isPreview":true', '"isPreview":false'))).toBe(
      "'preview.json' must be a preview because this is the log of a completed update; run `pulumi preview --json`",
    );
  });

  test.each([
    ["digest", digest(preview)],
    ["stream", stream(preview)],
  ])("a step of something that is no resource, in the %s", (name, text) => {
    expect(problem(text.replaceAll(/"urn:pulumi:[^"]+"/g, '"staging-connector"'))).toBe(
      name === "digest" ? NO_PREVIEW : CUT,
    );
  });

  test("a summary that counts what no step shows", () => {
    const gone = { op: "delete", type: CONNECTOR, name: "staging-connector" };
    const whole = JSON.parse(digest({ steps: [gone, { ...gone, name: "other" }] }));
    const missing = (count: number) =>
      `'preview.json' must show every change that its summary counts because the others cannot be judged (${count} delete); run \`pulumi preview --json\` again and keep its complete output`;
    expect(problem(JSON.stringify({ ...whole, steps: [whole.steps[0]] }))).toBe(missing(1));
    expect(problem(JSON.stringify({ ...whole, steps: undefined }))).toBe(missing(2));
    expect(problem(stream({ steps: [gone] }).replace(/^.*resourcePreEvent.*"op":"delete".*\n/m, ""))).toBe(missing(1));
  });

  test.each([
    ["digest", digest({ ...preview, stack: "production" })],
    ["stream", stream({ ...preview, stack: "production" })],
  ])("a preview of another stack, from the %s", (_, text) => {
    expect(problem(text)).toBe(
      "'preview.json' must be a preview of the stack staging because '--stack' names that stack and the preview is of production; set '--stack' to production",
    );
  });
});
