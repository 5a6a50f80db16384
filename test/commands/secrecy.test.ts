import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONNECTOR, RUN_SERVICE, SECRET_VERSION } from "../../config/resource-types";
import type { Changes } from "../stack-settings";
import { commandNamed, type Ended } from "./child";
import { collectionOf, QUIET_FEED } from "./diagnose/fixtures";
import { digest } from "./guard/previews";
import { stackFiles } from "./stack-files";

/* A secret that stands in what a command reads stands in nothing that it prints or writes. */

const CANARY = "Zq7hunter2Zq7hunter2";
/** Variables whose value is a secret: by their name, or by its form. */
const SECRETS = {
  MY_TOKEN: CANARY,
  ADMIN_PASSWORD: CANARY,
  APP_DSN: CANARY,
  AUTH_HEADER: `Bearer ${CANARY}`,
  DATABASE: `postgresql://netra:${CANARY}@10.107.0.3/netra`,
  SENTRY: `https://${CANARY}@o1.ingest.sentry.io/1`,
  CALLBACK: `https://example.org/back?token=${CANARY}&page=1`,
  CONNECTION: `host=10.107.0.3 password=${CANARY}`,
  SIGNED: `eyJ${CANARY}.eyJ${CANARY}.${CANARY}`,
  CERTIFICATE: `-----BEGIN PRIVATE KEY-----${CANARY}-----END PRIVATE KEY-----`,
  MODEL: `sk-ant-${CANARY}`,
};
const auth = (changes: Changes): Changes => ({ "netra:services": { auth: changes } });
const withSecrets = auth({
  environment: SECRETS,
  probe: { path: `/health?token=${CANARY}&x=${CANARY}` },
  liveness: { path: `/health?y=${CANARY}` },
});

const stackFile = stackFiles();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "netra-secrecy-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
const written = (name: string, content: unknown) => {
  const file = join(folder, name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
};

/** What shows the canary, with its surroundings. */
const leaks = (text: string) =>
  [...text.matchAll(new RegExp(`.{0,60}${CANARY}`, "gs"))].map(([found]) => found.replaceAll(/\s+/g, " "));
const shownBy = ({ stdout, stderr }: Ended) => leaks(stdout + stderr);

describe("a stack file with literal secrets", () => {
  let config: string;
  beforeAll(() => {
    config = stackFile("secrets", withSecrets);
  });
  const run = (name: string, ...args: string[]) => commandNamed(name, {})("--config-file", config, ...args);

  test("check refuses it without showing them", async () => {
    const text = await run("check", "--details", "--resources");
    expect([text.code, shownBy(text)]).toEqual([1, []]);
    const json = await run("check", "--json");
    expect([json.code, shownBy(json)]).toEqual([1, []]);
    expect(json.stdout).toMatch(/"name": "MY_TOKEN",\s+"value": "\[secret\]"/);
    expect(json.stdout).toContain("https://[secret]@o1.ingest.sentry.io/1");
  });

  test("the reports do not show them", async () => {
    const directory = join(folder, "report");
    await run("check", "--report", directory);
    const files = readdirSync(directory);
    expect(files.toSorted()).toEqual(["report.html", "report.json", "report.md"]);
    expect(files.flatMap((file) => leaks(readFileSync(join(directory, file), "utf8")))).toEqual([]);
  });

  test.each(["storm", "size"])("%s does not show them", async (name) => {
    expect(shownBy(await run(name, "--json", "--replications", "500"))).toEqual([]);
  });

  test("diagnose, preflight and recover do not show them, in what is planned", async () => {
    const exported = written("export.json", {
      version: 3,
      deployment: { resources: [{ urn: "urn:pulumi:staging::netra::x:y:Z::z", type: "x:y:Z", inputs: SECRETS }] },
    });
    const files = ["--from", collectionOf("healthy")];
    const ended = await Promise.all([
      run("diagnose", ...files, "--incidents", QUIET_FEED, "--all"),
      run("diagnose", ...files, "--incidents", QUIET_FEED, "--json"),
      run("preflight", ...files, "--json"),
      run("recover", exported),
    ]);
    expect(ended.flatMap(shownBy)).toEqual([]);
  });
});

describe("a stack file with secrets in the wrong place", () => {
  const uri = `https://netra:${CANARY}@api.example.org/?token=${CANARY}`;
  test.each<[string, Changes]>([
    ["a token in clear text", { "netra:channelTokens": { slack: CANARY } }],
    ["tokens as one text", { "netra:channelTokens": CANARY }],
    ["tokens as a list", { "netra:channelTokens": [CANARY] }],
    ["secrets as one text", { "netra:secrets": CANARY }],
    ["a secret as one text", { "netra:secrets": { JWT_SECRET_KEY: CANARY } }],
    ["a value in a secret's section", { "netra:secrets": { JWT_SECRET_KEY: { value: CANARY } } }],
    ["a value as an id", { "netra:secrets": { JWT_SECRET_KEY: { id: `${CANARY}=` } } }],
    ["a value as a version", { "netra:secrets": { JWT_SECRET_KEY: { version: CANARY } } }],
    ["a value as a format", { "netra:secrets": { JWT_SECRET_KEY: { format: CANARY } } }],
    ["a variable as one text", auth({ environment: `MY_TOKEN=${CANARY}` })],
    ["a variable of two lines", auth({ environment: { MY_TOKEN: `${CANARY}\n` } })],
    ["a service's secrets as one text", auth({ secrets: CANARY })],
    ["a value among a service's secrets", auth({ secrets: [CANARY, `${CANARY}=`] })],
    ["user and query in a host", { "netra:hosts": { auth: [uri, `netra:${CANARY}@api.example.org`] } }],
    ["a query in a path", auth({ probe: { path: `health?token=${CANARY}` } })],
    ["user and password in a name", { "netra:database": { user: uri, name: uri } }],
    ["a webhook with a token", { "netra:monitoring": { channels: { hook: { type: "webhook", to: uri } } } }],
    ["an image with a password", auth({ image: `${uri}/backend:latest` })],
    ["a pattern with a password", { "netra:images": { tagPattern: `(${uri}` } }],
    ["a project with a password", { "gcp:project": uri, "gcp:region": uri }],
  ])("%s", async (name, changes) => {
    const file = stackFile(name.replaceAll(" ", "-"), changes);
    for (const args of [[], ["--json"]]) {
      const ended = await commandNamed("check", {})("--config-file", file, ...args);
      expect([ended.code, shownBy(ended)]).toEqual([expect.toBeOneOf([1, 2]), []]);
    }
  });

  test("a file that is no YAML", async () => {
    const file = written("Pulumi.broken.yaml", `config:\n  netra:channelTokens: { slack: "${CANARY}\n  x: [${CANARY}`);
    expect(shownBy(await commandNamed("check", {})("--config-file", file))).toEqual([]);
  });
});

describe("a preview with literal secrets", () => {
  const service = (value: string) => ({
    template: {
      containers: [{ envs: Object.entries(SECRETS).map(([name, secret]) => ({ name, value: secret + value })) }],
    },
    password: CANARY + value,
    url: `${SECRETS.CALLBACK}${value}`,
  });
  const preview = digest({
    steps: [
      { op: "update", type: RUN_SERVICE, old: service("a"), new: service("b") },
      { op: "delete", type: CONNECTOR, old: { name: SECRETS.SENTRY } },
      { op: "update", type: SECRET_VERSION, old: { secretData: `${CANARY}a` }, new: { secretData: `${CANARY}b` } },
    ],
    errors: [{ message: `cannot connect to ${SECRETS.DATABASE}: authorization ${SECRETS.AUTH_HEADER}` }],
  });

  test.each([[[]], [["--json"]]])("guard %j", async (args) => {
    const ended = await commandNamed("guard", {})(written("preview.json", preview), ...args);
    expect([ended.code, shownBy(ended)]).toEqual([1, []]);
  });

  test("drift", async () => {
    const diagnosis = written("diagnosis.json", {
      findings: [
        {
          stage: "s",
          rules: [],
          resource: "r",
          evidence: Object.entries(SECRETS).map(([field, value]) => ({ field, value })),
          consequences: [SECRETS.DATABASE],
          mend: [SECRETS.CALLBACK],
        },
      ],
      questions: [],
    });
    const ended = await commandNamed(
      "drift",
      {},
    )(...["--refresh", written("refresh.json", preview), "--diagnosis", diagnosis]);
    expect([ended.code, shownBy(ended)]).toEqual([1, []]);
  });
});

test("the comment does not show what another job printed", async () => {
  const problems = Object.values(SECRETS)
    .filter((value) => value !== CANARY)
    .map((value) => ({ setting: "netra:x", message: `'netra:x' (${value}) must not` }));
  const file = written("problems.json", { ok: false, problems });
  const ended = await commandNamed("comment", {})("--head", file, "--base", file, "--guard", file);
  expect([ended.code, shownBy(ended)]).toEqual([0, []]);
});

test("a deployed service with literal secrets", async () => {
  const from = join(folder, "deployed");
  cpSync(collectionOf("healthy"), from, { recursive: true });
  const services = readFileSync(join(from, "services.json"), "utf8");
  const variables = Object.entries(SECRETS).map(([name, value]) => ({ name, value }));
  writeFileSync(
    join(from, "services.json"),
    services.replaceAll(/"env": \[/g, `"env": [${variables.map((one) => `${JSON.stringify(one)},`).join("")}`),
  );
  for (const [command, ...args] of [
    ["diagnose", "--all", "--adopt"],
    ["diagnose", "--json"],
    ["preflight"],
    ["preflight", "--json"],
  ] as const) {
    const rest = command === "diagnose" ? ["--incidents", QUIET_FEED] : [];
    const config = stackFile("deployed", {});
    const ended = await commandNamed(command, {})("--config-file", config, "--from", from, ...rest, ...args);
    expect([command, ended.code, shownBy(ended)]).toEqual([command, 1, []]);
  }
});

test.each<[string, readonly string[]]>([
  ["image", ["auth", `https://netra:${CANARY}@example.org/x@sha256:1`]],
  ["image", ["auth", "x", "--registry", `https://netra:${CANARY}@example.org`]],
  ["redeploy", [`https://netra:${CANARY}@example.org`]],
  ["storm", ["--scenario", `https://netra:${CANARY}@example.org`]],
  ["size", ["--seed", `https://netra:${CANARY}@example.org`]],
  ["guard", [`https://netra:${CANARY}@example.org/?token=${CANARY}`]],
  ["verify", ["--base-url", `https://netra:${CANARY}@localhost:1`]],
  ["check", ["--stack", `https://netra:${CANARY}@example.org`]],
  ["check", ["--unknown", `--token=https://netra:${CANARY}@example.org`]],
])("an argument with a password: %s %j", async (command, args) => {
  const ended = await commandNamed(command, {})(...args);
  expect([ended.code, shownBy(ended)]).toEqual([2, []]);
});
