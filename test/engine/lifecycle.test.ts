import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { redeployed } from "../../commands/pipeline/redeploy";
import type { Verdict } from "../../report/verdict";
import { staging } from "../../stack";
import { stackCommand } from "../commands/child";
import { stagingConfiguration } from "../stack-settings";
import { type Ended, Environment, PACK } from "./environment";

const RUN = "gcp:cloudrunv2/service:Service";
const ALERT = "gcp:monitoring/alertPolicy:AlertPolicy";

/** The pack's summary, without a finding below it. */
const SOUND = /Policies:\n +✅ staging-capacity@v0\.1\.0[^\n]*\n\n/;

/** A project in which nothing is yet, not even the values of the secrets that people add. */
let environment: Environment;
/** All that the CLI printed. */
const printed: string[] = [];
/** How many resources the stack has, itself and its components among them. */
let all = 0;
beforeAll(async () => {
  environment = await Environment.of(async () => ({ ...staging() }), stagingConfiguration());
  rmSync(environment.logs); // what the CLI logs shows no secret either
});
afterAll(() => environment?.remove());

async function noted(running: Promise<Ended>): Promise<Ended> {
  const ended = await running;
  printed.push(ended.stdout, ended.stderr);
  return ended;
}

test("preview shows what check shows: types, names, parents, dependencies, protection and inputs", async () => {
  const [previewed, checked] = await Promise.all([
    noted(environment.preview("--json", "--policy-pack", PACK)),
    stackCommand("check")("--json"),
  ]);
  expect(previewed).toMatchObject({ code: 0 });
  const { steps, changeSummary } = JSON.parse(previewed.stdout) as { steps: readonly Step[]; changeSummary: object };
  const shown = steps.map(
    ({ urn, newState: { type, parent = "", dependencies = [], protect = false, inputs = {} } }) => ({
      urn,
      type,
      parent,
      dependencies: dependencies.toSorted(),
      protect,
      inputs: withoutDefaults(inputs),
    }),
  );
  const { resources } = JSON.parse(checked.stdout) as Verdict;
  all = resources.length;
  expect(all).toBeGreaterThan(130);
  expect(changeSummary).toEqual({ create: all });
  const expected = resources.map(({ urn, type, parent, dependencies, options, inputs }) => ({
    urn,
    type,
    parent,
    dependencies,
    protect: options.protect,
    inputs,
  }));
  expect(shown.toSorted(byUrn)).toEqual(expected.toSorted(byUrn));
});

const FAILED =
  /^'netra-auth-service' must run its newest revision because no other revision serves: netra-auth-service-00001-abc did not become ready \(.+google-oauth-client-id-staging\/versions\/1 was not found.+\)$/m;
const LEFT =
  "Another `up` creates no new revision of an unchanged template. Fix the cause, then: npm run redeploy -- auth && npm run up\n";
const services = () =>
  environment.cloud
    .calls()
    .filter(({ type, phase }) => type === RUN && phase === "start")
    .map(({ method, name }) => `${method} ${name}`);

test("the first up from nothing ends at the first service, because people have not added their secrets' values, and reports what to do", async () => {
  const { code, stderr } = await noted(environment.npmRun(["up", "--yes", "--skip-preview"]));
  expect(code).toBe(1);
  expect(stderr).toMatch(FAILED);
  expect(stderr.endsWith(LEFT)).toBe(true);
  expect(services()).toEqual(["create netra-auth-service"]);
  expect(environment.cloud.ofType(ALERT)).toEqual([]);
});

test("once the values are there, up makes the rest, and reports that the service that failed is not tried again by it", async () => {
  const before = environment.cloud.all().filter(({ type }) => type !== RUN);
  environment.addSecretValues();
  const { code, stdout, stderr } = await noted(environment.npmRun(["up", "--yes", "--skip-preview"]));
  expect(code).toBe(1);
  expect(stdout).toMatch(/Resources:\n {4}\+ \d+ created\n {4}~ 1 updated\n/);
  expect(stderr).toMatch(FAILED);
  expect(stderr.endsWith(LEFT)).toBe(true);
  expect(environment.cloud.all()).toEqual(expect.arrayContaining(before));
});

test("redeployed, it starts, and all of the stack is there", async () => {
  const file = join(environment.project, "Pulumi.staging.yaml");
  writeFileSync(file, redeployed(readFileSync(file, "utf8"), file, ["auth"]).text);
  const { code, stdout } = await noted(environment.npmRun(["up", "--yes", "--skip-preview"]));
  expect(code).toBe(0);
  expect(stdout).toContain(`Resources:\n    ~ 1 updated\n    ${all - 1} unchanged\n`);
  expect(stdout).toMatch(SOUND);
  expect(environment.cloud.ofType(RUN).map(({ properties }) => properties.name)).toEqual([
    "netra-auth-service",
    "netra-backend-staging",
    "netra-frontend-staging",
  ]);
});

test("a second up changes nothing, and the outputs are what the cloud has", async () => {
  const changes = environment.cloud.changes();
  const { code, stdout } = await noted(environment.up());
  expect(code).toBe(0);
  expect(stdout).toContain(`Resources:\n    ${all} unchanged\n`);
  expect(environment.cloud.changes()).toBe(changes);
  const outputs = await noted(environment.run(["stack", "output", "--json"]));
  const [address] = environment.cloud
    .ofType("gcp:compute/globalAddress:GlobalAddress")
    .filter(({ properties }) => properties.addressType === "EXTERNAL");
  expect(JSON.parse(outputs.stdout)).toEqual({
    connector: "projects/netra-staging/locations/us-central1/connectors/staging-connector",
    databaseAddress: "10.107.0.3",
    edgeAddress: address?.properties.address,
    urls: {
      auth: "https://auth.staging.netrasystems.ai",
      backend: "https://api.staging.netrasystems.ai",
      frontend: "https://app.staging.netrasystems.ai",
    },
  });
});

test("no secret is readable in state, backend, output, provider's log or pulumi's own files", async () => {
  // Now that the values are known.
  await noted(environment.preview("--json"));
  const property = (type: string, name: string) =>
    environment.cloud.ofType(type).map(({ properties }) => String(properties[name]));
  const values = [
    ...property("gcp:secretmanager/secretVersion:SecretVersion", "secretData"),
    ...property("gcp:sql/user:User", "password"),
    ...property("gcp:redis/instance:Instance", "authString"),
  ];
  expect(values).toHaveLength(18); // eight of the stack's own, six of people, three users, one AUTH string
  // A Fernet key is another spelling of the bytes that were drawn.
  const spellings = new Set(values.flatMap((value) => [value, value.replaceAll("-", "+").replaceAll("_", "/")]));
  const places = new Map([
    ["exported state", await environment.state()],
    ["output", printed.join("\n")],
    ["provider's log", readFileSync(join(environment.cloud.folder, "calls.jsonl"), "utf8")],
    ...["backend", "home", "project"].flatMap((folder) => filesBelow(join(environment.folder, folder))),
  ]);
  expect(places.size).toBeGreaterThan(10);
  for (const [place, content] of places)
    for (const value of spellings) expect(content.includes(value), `a secret in ${place}`).toBe(false);
});

/** A step of `preview --json`. */
interface Step {
  readonly urn: string;
  readonly newState: {
    readonly type: string;
    readonly parent?: string;
    readonly dependencies?: readonly string[];
    readonly protect?: boolean;
    readonly inputs?: object;
  };
}

const byUrn = (one: { readonly urn: string }, other: { readonly urn: string }) => (one.urn < other.urn ? -1 : 1);

/** Inputs as the program set them: without what the provider filled in, which it lists in `__defaults`. */
function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (value === null || typeof value !== "object") return value;
  const filledIn: readonly string[] = Reflect.get(value, "__defaults") ?? [];
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) =>
      key === "__defaults" || filledIn.includes(key) ? [] : [[key, withoutDefaults(inner)]],
    ),
  );
}

const filesBelow = (folder: string): [string, string][] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile()
      ? [[join(entry.parentPath, entry.name), readFileSync(join(entry.parentPath, entry.name), "utf8")]]
      : [],
  );
