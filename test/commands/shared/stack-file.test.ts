import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { InputError } from "../../../capacity/problem";
import { PROJECT_ROOT, readStackFile } from "../../../commands/shared/stack-file";
import { REFERENCE, stagingConfiguration } from "../../stack-settings";

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "netra-stack-file-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

function read(text: string): unknown {
  const file = join(directory, "Pulumi.test.yaml");
  writeFileSync(file, text);
  return readStackFile("test", file);
}

/** What is wrong with a stack file, its path shortened. */
function refusal(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (error instanceof InputError) return error.message.replaceAll(directory, "");
    throw error;
  }
  throw new Error("the file was read");
}

test("reads every key as it stands", () => {
  expect(readStackFile("staging", REFERENCE)).toEqual(stagingConfiguration());
});

test("reads another file where one is named, whatever the stack is called", () => {
  expect(read("config:\n  gcp:project: elsewhere")).toEqual({ "gcp:project": "elsewhere" });
});

test("reads keys in all of Pulumi's forms, and refuses what is none", () => {
  expect(read("config:\n  a: 1\n  gcp:config:project: b\n  gcp:region: c")).toEqual({
    "netra:a": 1,
    "gcp:project": "b",
    "gcp:region": "c",
  });
  expect(refusal('config:\n  "::/0": 1\n  a:b:c: 2\n  "": 3\n  "gcp:": 4').split("\n")).toEqual(
    ["::/0", "a:b:c", "", "gcp:"].map(
      (key) =>
        `'${key}' must be a namespace and a name because Pulumi reads no other key; rename it like gcp:project, or remove it`,
    ),
  );
});

test("needs no passphrase: an encrypted value reads as its stand-in, at any depth", () => {
  expect(
    read("encryptionsalt: v1:abc\nconfig:\n  a:token: { secure: v1:x }\n  a:list: [{ key: { secure: v1:y } }]"),
  ).toEqual({
    "a:token": "[secret]",
    "a:list": [{ key: "[secret]" }],
  });
});

test("leaves a section alone that only has a key of that name", () => {
  expect(read("config: { a:b: { secure: x, other: 1 } }")).toEqual({ "a:b": { secure: "x", other: 1 } });
});

test("knows anchors and merges, as Pulumi's reader does", () => {
  expect(read("config:\n  a:b: &probe { path: /health, period: 10 }\n  a:c: { <<: *probe, period: 30 }")).toEqual({
    "a:b": { path: "/health", period: 10 },
    "a:c": { path: "/health", period: 30 },
  });
});

test("takes a key without a namespace as the project's own, as Pulumi does", () => {
  expect(read("config:\n  connector: { minInstances: 3 }\n  aws:region: us-east-1")).toEqual({
    "netra:connector": { minInstances: 3 },
    "aws:region": "us-east-1",
  });
});

test("refuses what Pulumi reads as something else, without showing it", () => {
  const octal = (line: number) =>
    `'/Pulumi.test.yaml' must not have a number with a leading zero (line ${line}) because Pulumi reads it as octal; leave out the zero, or quote it if it is a text`;
  const date =
    "'/Pulumi.test.yaml' must not have a date without quotes (line 4) because Pulumi writes it as a point in time; quote it";
  expect(refusal("config:\n  a:b: { most: 010 }\n  a:c: [-0777]\n  a:since: 2026-11-20\n")).toBe(
    [octal(2), octal(3), date].join("\n"),
  );
  // 0o10 and 0x10 are the same number to both, 007 is 7 either way, and 08 is no octal.
  expect(read("config: { a:b: [0o10, 0x10, 007, 08, 1e1, '010', \"2026-11-20\", 0.5, yes] }")).toEqual({
    "a:b": [8, 16, 7, 8, 10, "010", "2026-11-20", 0.5, "yes"],
  });
});

test("refuses an alias that stands for itself, and more than one document", () => {
  const endless =
    "'/Pulumi.test.yaml' must not have an alias inside its own anchor (line 2) because it has no end; write out what is meant";
  expect(refusal("config:\n  a:b: &b { c: [*b] }")).toBe(endless);
  expect(refusal("config: &c\n  a:b: *c")).toBe(endless);
  expect(refusal("config: {}\n---\nconfig: {}")).toBe(
    "'/Pulumi.test.yaml' must be one YAML document because Pulumi reads the first and leaves out the rest; remove the line '---' and what follows it",
  );
});

test("refuses what is no YAML, with the place", () => {
  const because = "'/Pulumi.test.yaml' must be YAML because Pulumi reads it as such;";
  expect(refusal("config:\n\ta: 1")).toBe(`${because} Tabs are not allowed as indentation at line 2, column 1:`);
  expect(refusal("config: {a: 1")).toMatch(/^'\/Pulumi.test.yaml' must be YAML .* at line 1, column 14/);
  expect(refusal("config: 1\nconfig: 2")).toBe(`${because} Map keys must be unique at line 2, column 1:`);
  expect(refusal("config: *nowhere")).toBe(
    `${because} Unresolved alias (the anchor must be set before the alias): nowhere`,
  );
});

test("refuses a file without a plan: empty, another document, a list", () => {
  const message =
    "'/Pulumi.test.yaml' must have a section 'config' because the capacity plan stands there; write it as in Pulumi.staging.yaml";
  for (const text of ["", "just text", "- a", "resources: {}", "config:", "config: []", "config: text"])
    expect(refusal(text), text).toBe(message);
});

test("names the stacks that exist where one does not, and the option where its file cannot be read", () => {
  expect(() => readStackFile("stagin")).toThrow(
    new InputError([
      {
        setting: "--stack",
        message:
          "'--stack' must name a stack with a file of its own because Pulumi.stagin.yaml does not exist; use staging",
      },
    ]),
  );
  for (const path of [join(directory, "missing.yaml"), PROJECT_ROOT])
    expect(() => readStackFile("staging", path)).toThrow(
      `'--config-file' (${path}) must be a file that can be read because the capacity plan stands there; give the path of a stack file`,
    );
});
