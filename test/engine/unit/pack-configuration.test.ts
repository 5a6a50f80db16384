import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { InputError } from "../../../capacity/problem";
import { readPackConfiguration } from "../../../engine/pack-configuration";
import { rules } from "../../../policy/rules";

let directory = "";
let file = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "netra-pack-configuration-"));
  file = join(directory, "pack.json");
});
afterAll(() => rmSync(directory, { recursive: true }));

function read(content: unknown) {
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return readPackConfiguration(file, rules);
}

/** What is wrong with a configuration file; the file's path is cut off. */
function problems(content: unknown): string[] {
  try {
    read(content);
    return [];
  } catch (error) {
    if (error instanceof InputError) return error.problems.map(({ message }) => message.replaceAll(file, "FILE"));
    throw error;
  }
}

test("takes levels, settings and waivers as pulumi does", () => {
  const configuration = {
    all: "mandatory",
    "service-image": "advisory",
    "connector-floor": {
      enforcementLevel: "disabled",
      minInstances: 2,
      waivers: [{ resource: "staging-connector", reason: "replaced next week" }],
    },
  };
  expect(read(configuration)).toEqual(configuration);
  expect(read({})).toEqual({});
});

test("refuses a rule that does not exist, with the nearest one", () => {
  expect(problems({ "connector-flor": "advisory", image: {} })).toEqual([
    "'connector-flor' in FILE must be the name of a rule because only rules can be configured; did you mean 'connector-floor'?",
    "'image' in FILE must be the name of a rule because only rules can be configured; did you mean 'service-image'?",
  ]);
});

test("refuses a level that does not exist, alone or among settings", () => {
  expect(problems({ "service-image": "warn", all: "off" })).toEqual([
    "'service-image' in FILE must be an enforcement level because it is a string; use one of advisory, mandatory, disabled, remediate",
    "'all' in FILE must be an enforcement level because it is a string; use one of advisory, mandatory, disabled, remediate",
  ]);
  expect(problems({ "service-image": { enforcementLevel: "warn" } })).toEqual([
    "'service-image.enforcementLevel' in FILE must be equal to one of the allowed values (advisory, mandatory, disabled, remediate); see the rule's settings in the policy pack's README",
  ]);
});

test("refuses a waiver without a reason, without a resource, or with anything else", () => {
  const readme = "; see the rule's settings in the policy pack's README";
  expect(
    problems({
      "service-image": {
        waivers: [
          { resource: "x" },
          { reason: "y" },
          { resource: "x", reason: "" },
          { resource: "x", reason: "y", until: 1 },
        ],
      },
    }),
  ).toEqual([
    `'service-image.waivers.0' in FILE must have required property 'reason'${readme}`,
    `'service-image.waivers.1' in FILE must have required property 'resource'${readme}`,
    `'service-image.waivers.2.reason' in FILE must match pattern "\\S"${readme}`,
    `'service-image.waivers.3' in FILE must NOT have additional properties ('until')${readme}`,
  ]);
});

test("refuses settings that a rule does not have, or of another type, all at once", () => {
  const readme = "; see the rule's settings in the policy pack's README";
  expect(
    problems({
      "connector-floor": { minInstances: "3" },
      "service-image": { minInstances: 3 },
      all: { minInstances: 3 },
    }),
  ).toEqual([
    `'connector-floor.minInstances' in FILE must be integer${readme}`,
    `'service-image' in FILE must NOT have additional properties ('minInstances')${readme}`,
    `'all' in FILE must NOT have additional properties ('minInstances')${readme}`,
  ]);
  expect(problems({ "service-image": ["advisory"], "connector-floor": null })).toEqual([
    `'service-image' in FILE must be object${readme}`,
    `'connector-floor' in FILE must be object${readme}`,
  ]);
});

test("refuses a file that is no JSON object, or not there", () => {
  expect(problems("{")).toHaveLength(1);
  expect(problems("{")[0]).toMatch(
    /^'--policy-pack-config' \(FILE\) must be a readable JSON file because pulumi accepts no other; .*JSON/,
  );
  for (const content of ["[]", "null", '"all"'])
    expect(problems(content)).toEqual([
      "'--policy-pack-config' (FILE) must hold an object because it maps rules to their settings; write {} for no settings",
    ]);
  expect(() => readPackConfiguration(join(directory, "missing.json"), rules)).toThrow(
    /must be a readable JSON file because pulumi accepts no other; it cannot be read$/,
  );
});
