import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Environment, PACK } from "./environment";

/*
 * The twin answers as the real provider does: the state of staging after an `up` on the twin, beside the state of the
 * same stack that the real provider made (`test/fixtures/real-state.json`). Values may differ, forms may not: a name, a
 * full path or an address, null or empty, the order of a set, which properties there are.
 */

interface Resource {
  readonly type: string;
  readonly id: string;
  readonly inputs: unknown;
  readonly outputs: unknown;
}

const real: readonly (Resource & { readonly name: string })[] = JSON.parse(
  readFileSync(join(__dirname, "../fixtures/real-state.json"), "utf8"),
);

let environment: Environment;
let ours: readonly (Resource & { readonly urn: string })[] = [];
beforeAll(async () => {
  environment = await Environment.ofStagingThatIsUp();
  ours = JSON.parse(await environment.state()).deployment.resources;
});
afterAll(() => environment?.remove());

/** What the recording has instead of a secret. */
const SECRET = "[secret]";
const SIGNATURE = "4dabf18193072939515e22adb298388d";

type Properties = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Properties =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** As the recording writes it: without secrets, and without the list of defaults. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  if (SIGNATURE in value) return SECRET;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (key === "__defaults" ? [] : [[key, plain(inner)]])),
  );
}

/** How a value looks; numbers that the cloud draws look alike. */
function formOf(value: unknown): string {
  if (value === undefined) return "not there";
  if (value === null || value === "" || value === SECRET) return JSON.stringify(value);
  if (typeof value !== "string") return Array.isArray(value) ? "list" : typeof value;
  const place = /^(https?:\/\/[^/]+\/)(?:compute\/v1\/|sql\/v1beta4\/|compute\/)?(projects\/.*)?$/.exec(value);
  if (place) return `address of ${place[2] ? formOf(place[2]) : "something"}`;
  if (/^projects(\/|%2F)/.test(value))
    return value.replace(/(revisions\/.*-\d{5})-\w+$/, "$1-<drawn>").replaceAll(/\d{15,}/g, "<drawn>");
  if (value.startsWith("{")) return `JSON of ${Object.keys(JSON.parse(value))}`;
  return /^\d+$/.test(value) ? "digits" : /^\d{4}-\d\d-\d\dT/.test(value) ? "time" : "text";
}

/** What the SDK's provider (9.37) has and the recorded one (9.35) had not. */
const NEWER: readonly string[] = ["settings.replicationLagMaxSeconds"];

/**
 * Where the form differs: `path: form of the real provider's, form of ours`. What the two programs state differently is
 * left out.
 */
function differences(
  theirs: unknown,
  mine: unknown,
  [stated, statedByUs]: readonly [unknown, unknown],
  path = "",
): string[] {
  if (NEWER.includes(path)) return [];
  const isEchoed = stated !== undefined || statedByUs !== undefined;
  if (isObject(theirs) && isObject(mine))
    return [...new Set([...Object.keys(theirs), ...Object.keys(mine)])].flatMap((key) => {
      const [a, b] = [stated, statedByUs].map((inputs) => (isObject(inputs) ? inputs[key] : undefined));
      if ((a === undefined) !== (b === undefined)) return [];
      return differences(theirs[key], mine[key], [a, b], path ? `${path}.${key}` : key);
    });
  if (
    Array.isArray(theirs) &&
    Array.isArray(mine) &&
    (theirs.length === mine.length || !isEchoed || isDeepStrictEqual(stated, statedByUs))
  ) {
    const [a, b] = [stated, statedByUs].map((inputs) => (Array.isArray(inputs) ? inputs : []));
    return Array.from({ length: Math.max(theirs.length, mine.length) }, (_, i) =>
      differences(theirs[i], mine[i], [a?.[i], b?.[i]], `${path}[${i}]`),
    ).flat();
  }
  if (isEchoed && !isDeepStrictEqual(stated, statedByUs)) return [];
  const [form, ourForm] = [formOf(theirs), formOf(mine)];
  if (form !== ourForm) return [`${path}: ${form}, ${ourForm}`];
  // What the program has set is the same value, in whatever form.
  const isSame =
    !isEchoed ||
    typeof theirs !== "string" ||
    /^(address|JSON) of/.test(form) ||
    form === "time" ||
    /<drawn>/.test(form) ||
    isDeepStrictEqual(theirs, mine);
  return isSame ? [] : [`${path}: ${JSON.stringify(theirs)}, ${JSON.stringify(mine)}`];
}

test("ids and outputs have the forms of the real provider's, resource by resource", () => {
  const compared: string[] = [];
  const found = real.flatMap(({ name, type, id, inputs, outputs }) => {
    const mine = ours.find((other) => other.type === type && other.urn.endsWith(`::${name}`));
    if (!mine) return []; // the program has grown since
    compared.push(type);
    const all = [
      ...(formOf(id) === formOf(mine.id) && (id === mine.id || /<drawn>/.test(formOf(id)))
        ? []
        : [`id: ${id}, ${mine.id}`]),
      ...differences(outputs, plain(mine.outputs), [inputs, plain(mine.inputs)]),
    ];
    return all.map((difference) => `${type} ${name} ${difference}`);
  });
  expect(found).toEqual([]);
  expect(new Set(compared)).toEqual(new Set(real.map(({ type }) => type)));
  expect(compared.length).toBeGreaterThan(100);
});

test("the pack finds nothing in a second preview, which changes nothing, and a refresh finds nothing", async () => {
  const preview = await environment.preview("--expect-no-changes", "--policy-pack", PACK);
  expect(preview).toMatchObject({ code: 0 });
  expect(preview.stdout).toMatch(/Policies:\n +✅ staging-capacity@v0\.1\.0[^\n]*\n\n/);
  expect(await environment.run(["refresh", "--preview-only", "--expect-no-changes"])).toMatchObject({ code: 0 });
});
