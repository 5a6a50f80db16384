import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROJECT_ROOT } from "../../commands/shared/stack-file";
import type { Call } from "../cloud/cloud";
import { addVersion } from "../cloud/kinds";
import { blocksIn } from "../fenced-blocks";
import { Environment } from "./environment";
import { shellIn } from "./shell";

/* The commands of README.md, docs/pulumi.md, docs/your-project.md and docs/runbook.md, as they stand. */

/** Says of a command that no test can run it. */
const NEEDS_CLOUD = /# .*needs the cloud$/;

/** The fenced `sh` blocks below a heading of a document, without what needs the cloud. */
function blocks(text: string): string[] {
  return blocksIn(text, "sh").map((block) =>
    block
      .split("\n")
      .filter((line) => !NEEDS_CLOUD.test(line))
      .join("\n"),
  );
}

/** A document's sections by their headings. */
function sections(file: string, level: string): Map<string, string> {
  const [, ...parts] = readFileSync(join(PROJECT_ROOT, file), "utf8").split(new RegExp(`^${level} `, "m"));
  return new Map(parts.map((part) => [part.slice(0, part.indexOf("\n")), part]));
}

let environment: Environment;
let shell: Awaited<ReturnType<typeof shellIn>>;
beforeAll(async () => {
  environment = await Environment.ofStaging();
  shell = await shellIn(environment);
});
afterAll(() => {
  shell?.stop();
  environment?.remove();
});

/** Runs a block to a good end. */
async function follow(block: string | undefined): Promise<string> {
  if (block === undefined) throw new Error("the document has no such block");
  const { code, stdout, stderr } = await shell.run(block);
  expect(code, `${block}\n${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

/** What was done to the cloud since the last call: `update name property ...`. */
function done(): string[] {
  const calls: readonly Call[] = environment.cloud.calls();
  environment.cloud.forgetCalls();
  return calls
    .filter(
      ({ provider, phase, method, preview, error }) =>
        provider === "gcp" &&
        phase === "end" &&
        !preview &&
        error === "" &&
        ["create", "update", "delete"].includes(method),
    )
    .map(({ method, name, changes }) => [method, name, ...changes].join(" "));
}

describe("README.md and the first pages of docs", () => {
  // What .ci/run does: a clean install, and all tests.
  const byCi = ["npm ci && npm test\n", "npm run test:engine\nnpm run test:rehearsal\n"];
  const all = ["README.md", "docs/your-project.md", "docs/pulumi.md"].flatMap((file) =>
    blocks(readFileSync(join(PROJECT_ROOT, file), "utf8")),
  );
  const here = all.filter((block) => !byCi.includes(block));

  test("has the commands that .ci/run starts, and others", () => {
    expect(all).toEqual(expect.arrayContaining(byCi));
    expect(here.join("")).toMatch(/npm run check\n(.|\n)*npm run size(.|\n)*npm run preview(.|\n)*npm run up/);
  });

  test.each(here)("%s", async (block) => {
    // The packages are installed already, and one installation is enough.
    await follow(block.replaceAll("npm ci && ", ""));
  });

  test("and the environment stands", () => {
    expect(done().filter((change) => change.startsWith("create netra-")).length).toBeGreaterThan(0);
  });
});

describe("docs/runbook.md", () => {
  const operations = sections("docs/runbook.md", "##");
  const block = (heading: string, index = 0) => blocks(operations.get(heading) ?? "")[index];
  const everyChange = block("Every change");

  test("growing the connector, raising max_connections and upgrading PostgreSQL are updates in place and roll no service", async () => {
    await follow(block("Growing the connector"));
    await follow(block("Raising max_connections"));
    await follow(block("Upgrading PostgreSQL"));
    await follow(everyChange);
    expect(done().toSorted()).toEqual([
      "update staging-connector minInstances",
      "update staging-shared-postgres databaseVersion settings",
    ]);
  });

  test("a replaced connector goes after the last service has rolled", async () => {
    await follow(block("Replacing the connector"));
    const guarded = "pulumi preview --json --show-sames > preview.json; npm run guard -- preview.json";
    expect(await follow(guarded)).toContain("services move to staging-connector2");
    await follow("npm run up");
    const changes = done();
    expect([changes[0], changes.at(-1)]).toEqual(["create staging-connector2", "delete staging-connector"]);
    expect(changes.map(named)).toEqual(expect.arrayContaining(SERVICES.map((name) => `update ${name}`)));
    await follow(block("Replacing the connector", 1));
  });

  test("rotating the JWT secret adds a version and rolls both services; then the old one is disabled, and a smaller pool rolls no other service than its own", async () => {
    await follow(block("Rotating the JWT secret"));
    await follow("npm run up");
    expect(done().map(named)).toEqual([
      "create jwt-secret-staging-r2",
      "update netra-auth-service",
      "update netra-backend-staging",
    ]);
    await follow(block("Too many clients", 1));
    await follow(block("Rotating the JWT secret", 1));
    expect(done().map(named).toSorted()).toEqual([
      "delete jwt-secret-staging-r1",
      "update netra-backend-staging",
      "update netra-database-roles",
    ]);
  });

  test("a failed rollout leaves later services as they are, and the revert goes back", async () => {
    await follow("git init --quiet && git add --force Pulumi.staging.yaml && git commit --quiet --message before");
    // A version that nobody has added: Google refuses the revision.
    await follow(
      "pulumi config set --path netra:secrets.OPENAI_API_KEY.version 2 && git commit --quiet --all --message after",
    );
    const failed = await shell.run("npm run up");
    expect([failed.code, failed.stdout]).toEqual([
      1,
      expect.stringContaining("openai-api-key-staging/versions/2 was not found"),
    ]);
    expect(done()).toEqual([]);
    expect(failed.stderr).toContain("Fix the cause, then: npm run redeploy -- backend && npm run up");
    await follow(block("A failed rollout", 2));
    expect(done().map(named)).toEqual(["update netra-backend-staging"]);
    expect(await follow(block("An interrupted up"))).toContain("# staging has no pending operations");
  });

  test("a failed rollout whose cause is mended outside of the stack is redeployed", async () => {
    await follow("pulumi config set --path netra:secrets.OPENAI_API_KEY.version 2");
    expect(await shell.run("npm run up")).toMatchObject({ code: 1 });
    addVersion(environment.cloud, "openai-api-key-staging", "added late");
    await follow(block("A failed rollout", 1));
    expect(done().map(named)).toEqual(["update netra-backend-staging"]);
  });

  test("every other command reports that it needs the cloud", () => {
    const run = [
      "Every change",
      "Growing the connector",
      "Replacing the connector",
      "Raising max_connections",
      "Rotating the JWT secret",
      "A failed rollout",
    ];
    const others = [...operations].filter(
      ([heading]) => ![...run, "An interrupted up", "Too many clients", "Upgrading PostgreSQL"].includes(heading),
    );
    expect(others.flatMap(([, section]) => blocks(section)).filter((left) => left.trim() !== "")).toEqual([]);
  });
});

const SERVICES = ["netra-auth-service", "netra-backend-staging", "netra-frontend-staging"];

/** `update name`, without the properties. */
const named = (change: string) => change.split(" ").slice(0, 2).join(" ");
