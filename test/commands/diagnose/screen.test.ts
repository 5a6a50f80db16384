import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { diagnoseCommand } from "../../../commands/diagnose/command";
import type { Diagnosis } from "../../../commands/diagnose/diagnosis";
import { diagnosisText } from "../../../commands/diagnose/format";
import { run } from "../../../commands/shared/command";
import { onReference } from "../../stack-settings";
import type { Ended } from "../child";
import { collectionOf, fixture, QUIET_FEED, settings } from "./fixtures";

/* What a person sees: the width, the order, and that the end of the screen is the verdict with its commands. */

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "netra-screen-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Screen {
  readonly columns?: number;
  readonly isTTY?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

async function shown(args: readonly string[], { columns, isTTY, env = {} }: Screen = {}): Promise<Ended> {
  const written = { stdout: "", stderr: "" };
  const into = (stream: keyof typeof written) => ({
    write: (text: string) => (written[stream] += text),
    columns,
    isTTY: stream === "stdout" && isTTY,
  });
  const host = { stdout: into("stdout"), stderr: into("stderr"), env };
  return { code: await run(diagnoseCommand(), onReference([...args]), host), ...written };
}

const from = (directory: string, ...more: string[]) => ["--from", directory, "--incidents", QUIET_FEED, ...more];

/** Lines that are too wide. A word of a command cannot be broken: it would not paste. */
const tooWide = (text: string, width: number) =>
  text.split("\n").filter((line) => line.length > width && !/^ *\S+( \\)?$/.test(line));

/** The last paragraph, the verdict and its commands, without line breaks. */
const end = (text: string) => (text.trimEnd().split("\n\n").at(-1) ?? "").replaceAll(/(?: \\)?\n */g, " ");

/** The instances of the healthy environment, and nothing else. */
function onlyInstances(): string {
  writeFileSync(join(folder, "instances.json"), JSON.stringify(fixture("healthy", "instances.json")));
  return folder;
}

test.each<[string, () => string, string]>([
  [
    "sound",
    () => collectionOf("healthy"),
    "SOUND: it can start. All 12 questions are answered, and nothing is wrong. ",
  ],
  [
    "the incident",
    () => collectionOf("incident"),
    "DOWN: auth and backend cannot reach the database (all-traffic egress, no Cloud NAT, public socket). Run in this order (costs: new revision, access): gcloud run services update netra-auth-service --project=netra-staging --region=us-central1 --vpc-egress=private-ranges-only gcloud run services update netra-backend-staging --project=netra-staging --region=us-central1 --vpc-egress=private-ranges-only",
  ],
  [
    "a disabled secret, and much that is not shown",
    () => collectionOf("partial"),
    "DOWN: backend cannot start (JWT_SECRET_KEY = jwt-secret-staging, version 1: DISABLED). Run: gcloud secrets versions enable 1 --secret=jwt-secret-staging --project=netra-staging",
  ],
  [
    "too little to judge",
    onlyInstances,
    "UNKNOWN: whether it works cannot be judged: 9 of 12 questions are open (VPC connectors: no file shows any of netra-staging). Run in the folder of the files first, then diagnose again: gcloud compute networks vpc-access connectors list --project=netra-staging --region=us-central1 --format=json > connectors.json gcloud run services list",
  ],
])("%s: no line is wider than the terminal, and the verdict is last", async (_, directory, verdict) => {
  const diagnosis: Diagnosis = JSON.parse((await shown(from(directory(), "--json"))).stdout);
  for (const width of [80, 120])
    for (const isWhole of [false, true]) {
      const text = diagnosisText(diagnosis, {
        terminal: { width, colour: false },
        services: settings.services,
        isWhole,
        withAdoption: false,
      });
      expect(tooWide(text, width)).toEqual([]);
      expect(end(text).slice(0, verdict.length)).toBe(verdict);
    }
});

test("files that cannot be read: one line for each, and no verdict", async () => {
  const broken = mkdtempSync(join(tmpdir(), "netra-broken-"));
  writeFileSync(join(broken, "services.yaml"), "name: a\nname: hunter2\n");
  const ended = await shown(from(broken));
  rmSync(broken, { recursive: true });
  expect(ended).toEqual({
    code: 2,
    stdout: "",
    stderr: `'${join(broken, "services.yaml")}' (line 2) must be valid YAML because its objects are judged; collect it again, put a line '---' between two objects, or remove the file\n`,
  });
});

test("the incident and its commands fit on a screen of 80 x 24", async () => {
  const { stdout } = await shown(from(collectionOf("incident")));
  expect(stdout.split("\n").length).toBeLessThanOrEqual(24);
});

test("the verdict's word has its colour on a terminal, unless NO_COLOR forbids it", async () => {
  const coloured = await shown(from(onlyInstances()), { isTTY: true, columns: 80 });
  expect(coloured.stdout).toContain("\n\u001b[1m\u001b[33mUNKNOWN\u001b[39m\u001b[22m: whether");
  const plain = await shown(from(onlyInstances()), { isTTY: true, columns: 80, env: { NO_COLOR: "1" } });
  expect(plain.stdout).toContain("\nUNKNOWN: whether");
});

test("--help explains the words of the verdict", async () => {
  const { stdout } = await shown(["--help"]);
  for (const word of ["DOWN", "AT RISK", "UNKNOWN", "SOUND"])
    expect(stdout).toMatch(new RegExp(`^ {2}${word} +\\S`, "m"));
});
