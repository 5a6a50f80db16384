import { execFile, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { tsImport } from "tsx/esm/api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { settings } from "../../../commands/bootstrap/plan";
import { environments } from "../../../commands/bootstrap/roles";
import { UP_STEPS } from "../../../commands/pipeline/rollback";
import { PROJECT_ROOT } from "../../../commands/shared/stack-file";
import { REFERENCE } from "../../stack-settings";
import { commandNamed } from "../child";

/* The workflows as GitHub's own parser reads them, and the rules that this project holds them to. */

interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}
interface Job {
  readonly name?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly "timeout-minutes"?: number;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly unknown[]>> };
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly name: string;
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: object;
  readonly defaults?: object;
  readonly concurrency?: { readonly group: string; readonly "cancel-in-progress": unknown };
  readonly jobs: Readonly<Record<string, Job>>;
}

const text = (file: string) => readFileSync(join(PROJECT_ROOT, file), "utf8");
const WORKFLOWS = readdirSync(join(PROJECT_ROOT, ".github/workflows")).map((name) => `.github/workflows/${name}`);
const ACTION = ".github/actions/cloud/action.yml";
// GitHub's parser has validated it, below
const workflows = WORKFLOWS.map((file) => [file, parse(text(file)) as Workflow] as const);
const jobs = workflows.flatMap(([file, { jobs }]) =>
  Object.entries(jobs).map(([name, job]) => [`${file.split("/").at(-1)}: ${name}`, job] as const),
);
const { runs } = parse(text(ACTION)) as { readonly runs: { readonly steps: readonly Step[] } };
const steps = [...jobs.flatMap(([, job]) => job.steps), ...runs.steps];
const scripts = steps.flatMap(({ run }) => run ?? []);

/** The only actions whose code runs here. */
const ACTIONS = [
  "actions/checkout",
  "actions/dependency-review-action",
  "actions/setup-node",
  "actions/upload-artifact",
  "google-github-actions/auth",
  "google-github-actions/setup-gcloud",
];

describe("GitHub's own parser", () => {
  // It imports JSON in a way that Node itself refuses: tsx reads it.
  interface Parser {
    parseWorkflow(
      file: object,
      trace: object,
    ): { readonly context: { readonly errors: { getErrors(): readonly { readonly message: string }[] } } };
    readonly NoOperationTraceWriter: new () => object;
  }
  let parser: Parser;
  beforeAll(async () => {
    parser = await tsImport("@actions/workflow-parser", __filename);
  });
  const errors = (name: string, content: string) =>
    parser
      .parseWorkflow({ name, content }, new parser.NoOperationTraceWriter())
      .context.errors.getErrors()
      .map(({ message }) => message);

  test.each(WORKFLOWS)("has nothing to say about %s", (file) => {
    expect(errors(file, text(file))).toEqual([]);
  });

  test("would say it: a key and a context that do not exist", () => {
    const wrong = text(".github/workflows/up.yml")
      .replace("timeout-minutes:", "timeout-minuets:")
      .replace("vars.DEPLOYER", "variables.DEPLOYER");
    expect(errors("up.yml", wrong)).toEqual([
      expect.stringContaining("Unexpected value 'timeout-minuets'"),
      expect.stringContaining("Unrecognized named-value: 'variables'"),
    ]);
  });
});

describe("actions", () => {
  const uses = [...WORKFLOWS, ACTION].flatMap((file) =>
    [...text(file).matchAll(/uses: +(.+)$/gm)].map(([, use = ""]) => use),
  );

  test("are known ones, by commit, the release beside it, each in one version everywhere", () => {
    const versions = new Set(uses.filter((use) => !use.startsWith("./")));
    for (const use of versions) expect(use).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    expect([...versions].map((use) => use.split("@")[0]).toSorted()).toEqual(ACTIONS);
  });

  test("of this repository exist", () => {
    const own = uses.filter((use) => use.startsWith("./"));
    expect(own.length).toBeGreaterThan(0);
    for (const use of own) expect(existsSync(join(PROJECT_ROOT, use, "action.yml"))).toBe(true);
  });
});

describe("permissions", () => {
  test.each(workflows)("%s gives none but to its jobs", (_, { permissions }) => {
    expect(permissions).toEqual({});
  });

  test("are the least for each job; a token for Google only in an environment", () => {
    const given = jobs.map(([name, { permissions = {}, environment }]) => [
      name,
      Object.entries(permissions)
        .map(([what, how]) => `${what}: ${how}`)
        .join(", "),
      environment,
    ]);
    expect(given).toEqual([
      ["ci.yml: workflows", "contents: read", undefined],
      ["ci.yml: test", "contents: read", undefined],
      ["ci.yml: newest", "contents: read", undefined],
      ["comment.yml: comment", "actions: read, contents: read, pull-requests: write", undefined],
      ["dependency-review.yml: review", "contents: read", undefined],
      ["drift.yml: drift", "contents: read, id-token: write, issues: write", environments.previewer],
      ["image.yml: image", "contents: write, pull-requests: write", undefined],
      ["preview.yml: check", "contents: read", undefined],
      ["preview.yml: preview", "contents: read, id-token: write", environments.previewer],
      ["up.yml: preview", "contents: read, id-token: write", environments.previewer],
      ["up.yml: up", "contents: read, id-token: write", environments.deployer],
    ]);
  });

  test("no workflow runs a pull request's code with more than a fork has", () => {
    for (const [file, { on }] of workflows)
      expect([file, Object.hasOwn(on, "pull_request_target")]).toEqual([file, false]);
    const checkouts = workflows
      .find(([file]) => file.endsWith("comment.yml"))?.[1]
      .jobs.comment?.steps.filter(({ uses }) => uses?.startsWith("actions/checkout"));
    expect(checkouts).toEqual([{ uses: expect.any(String), with: { "persist-credentials": false } }]);
  });

  test("no checkout leaves the job's token behind", () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.length).toBeGreaterThan(8);
    for (const { with: options } of checkouts) expect(options).toMatchObject({ "persist-credentials": false });
  });

  test("no package's own script runs where there is a token, or outside of the tests", () => {
    const installs = scripts.flatMap((script) => [...script.matchAll(/npm (?:ci|install)\b.*/g)].map(([line]) => line));
    expect(installs.length).toBeGreaterThan(4);
    for (const install of installs) expect(install).toContain("--ignore-scripts");
  });

  test("no secret is handed to any job", () => {
    for (const file of [...WORKFLOWS, ACTION]) expect(text(file)).not.toMatch(/\$\{\{[^}]*\bsecrets\b/);
  });
});

describe("jobs", () => {
  test.each(jobs)("%s has an end", (_, job) => {
    expect(job["timeout-minutes"]).toBeGreaterThan(0);
  });

  test.each(workflows)("%s says which of its runs exclude each other", (_, { concurrency }) => {
    expect(concurrency).toEqual({ group: expect.any(String), "cancel-in-progress": expect.anything() });
  });

  test("of ci run on every Node that is supported, 24 first, and name the SDK", () => {
    const { test: tests, newest } = workflows.find(([file]) => file.endsWith("/ci.yml"))?.[1].jobs ?? {};
    expect(tests?.strategy?.matrix).toEqual({ node: [24, 20, 22, 26] });
    expect([tests?.name, newest?.name]).toEqual([
      expect.stringContaining("SDK of the lockfile"),
      expect.stringContaining("newest SDK"),
    ]);
    const setups = steps.filter(({ uses }) => uses?.startsWith("actions/setup-node@"));
    expect(new Set(setups.flatMap(({ with: options = {} }) => options["node-version-file"] ?? []))).toEqual(
      new Set([".nvmrc"]),
    );
    expect(text(".nvmrc")).toBe("24\n");
  });

  test("the update is one at a time, and never cancelled by the next", () => {
    expect(parse(text(".github/workflows/up.yml"))).toMatchObject({
      concurrency: { group: "up-staging", "cancel-in-progress": false },
    });
  });

  test("the update checks, previews, guards and asks Google before, diagnoses and verifies after, in the order of the rollback instructions", () => {
    const { preview, up } = workflows.find(([file]) => file.endsWith("up.yml"))?.[1].jobs ?? {};
    const ids = (job: Job | undefined) => job?.steps.flatMap(({ id }) => id ?? []);
    // An outdated commit is refused before anything else, and needs no instructions.
    expect(ids(preview)).toEqual(["current", ...UP_STEPS.slice(0, 4)]);
    expect(ids(up)).toEqual(["current", ...UP_STEPS]);
    for (const job of [preview, up]) expect(job?.steps[0]?.id).toBe("current");
    for (const job of [preview, up])
      expect(job?.steps.filter(({ run }) => run?.includes("way-back")).map(({ env }) => env)).toContainEqual({
        STEPS: expect.stringContaining("toJSON(steps)"),
      });
  });
});

describe("scripts", () => {
  test("have no expression in them: values come as variables of the environment", () => {
    for (const script of scripts) expect(script).not.toContain("${{");
  });

  test("with a pipe stop at its first failure", () => {
    for (const [file, workflow] of workflows) {
      const pipes = Object.values(workflow.jobs).some(({ steps }) =>
        steps.some(({ run }) => /[^|]\|[^|]/.test(run ?? "")),
      );
      if (pipes) expect([file, workflow.defaults]).toEqual([file, { run: { shell: "bash" } }]);
    }
  });

  // npm has read it
  const { scripts: known } = JSON.parse(text("package.json")) as { readonly scripts: Readonly<Record<string, string>> };
  const calls = scripts.flatMap((script) =>
    [...script.matchAll(/npm run (?:--silent )?([\w:-]+)(.*)/g)].map(([, name = "", rest = ""]) => ({ name, rest })),
  );

  test("start only what package.json has", () => {
    expect(calls.length).toBeGreaterThan(10);
    for (const { name } of calls) expect(Object.keys(known)).toContain(name);
  });

  test("use only options that the commands have", async () => {
    const used = new Map<string, Set<string>>();
    for (const { name, rest } of calls.filter(({ name }) => !["preview", "typecheck", "up"].includes(name)))
      used.set(
        name,
        new Set([...(used.get(name) ?? []), ...[...rest.matchAll(/ (--[a-z-]+)/g)].map(([, option = ""]) => option)]),
      );
    expect([...used.keys()].toSorted()).toEqual([
      "check",
      "comment",
      "diagnose",
      "drift",
      "guard",
      "image",
      "preflight",
      "verify",
      "way-back",
    ]);
    for (const [name, options] of used) {
      const { stdout } = await commandNamed(name)("--help");
      for (const option of options) expect([name, stdout.includes(`  ${option} `)]).toEqual([name, true]);
    }
  });

  test("name files that exist", () => {
    for (const [, file = ""] of scripts.join("\n").matchAll(/bash (\.\S+)/g))
      expect(existsSync(join(PROJECT_ROOT, file))).toBe(true);
  });

  test("never ask pulumi for its event stream", () => {
    for (const script of scripts) expect(script).not.toMatch(/(run (--silent )?up|pulumi up).*--json|STREAMING/);
  });
});

test("variables of the repository are those that bootstrap prints, or documented", () => {
  const used = new Set(
    [...WORKFLOWS, ACTION].flatMap((file) => [...text(file).matchAll(/\bvars\.(\w+)/g)].map(([, name = ""]) => name)),
  );
  const subject = { project: "p", region: "r" };
  const printed = Object.keys(settings(subject, "1").variables);
  const others = [...used].filter((name) => !printed.includes(name)).toSorted();
  expect(others).toEqual([
    "IMAGE_REGISTRY",
    "PREFLIGHT_ALLOW_OPEN",
    "VERIFY_EMAIL",
    "VERIFY_HOSTS",
    "VERIFY_PASSWORD_SECRET",
  ]);
  expect(printed.filter((name) => !used.has(name))).toEqual([]);
  for (const name of [...others, ...printed]) expect(text("docs/pipelines.md")).toContain(`\`${name}\``);
});

const scriptOf = (file: string, job: string, step: string) =>
  workflows.find(([path]) => path.endsWith(`/${file}`))?.[1].jobs[job]?.steps.find(({ name }) => name === step)?.run ??
  "";

describe("what another program could not do", () => {
  /** A step, where that program says something and ends with that code. */
  function ran(
    script: string,
    program: string,
    { code, says = "" }: { readonly code: number; readonly says?: string },
  ) {
    const folder = mkdtempSync(join(tmpdir(), "netra-step-"));
    try {
      writeFileSync(join(folder, program), `#!/bin/sh\nprintf '%s' '${says}'\nexit ${code}\n`, { mode: 0o755 });
      const env = {
        ...process.env,
        PATH: [folder, process.env.PATH].join(delimiter),
        RUNNER_TEMP: folder,
        RUN: "1",
        GITHUB_REPOSITORY: "o/n",
        GITHUB_SHA: "0123",
        GITHUB_STEP_SUMMARY: join(folder, "summary"),
      };
      const { status, stdout } = spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], {
        env,
        encoding: "utf8",
      });
      const written = (name: string) =>
        existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "";
      return { code: status, stdout, refresh: written("refresh.json"), summary: written("summary") };
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test.each([
    ["nothing has drifted", 0, ""],
    ["something has", 7, "pulumi refresh exited with 7\n"],
    ["something could not be read", 1, "pulumi refresh exited with 1\n"],
  ])("drift.yml goes on to its issue where %s", async (_, code, stdout) => {
    expect(await ran(scriptOf("drift.yml", "drift", "Refresh"), "pulumi", { code, says: "{}" })).toMatchObject({
      code: 0,
      stdout,
      refresh: "{}",
    });
  });

  test.each([
    ["is still main's", "0123", 0, ""],
    [
      "is not main's any more",
      "4567",
      1,
      "Nothing was changed: this run is of 0123, and main is at 4567, whose own run applies both.\n",
    ],
  ])("up.yml goes on where its commit %s", async (_, head, code, stdout) => {
    for (const job of ["preview", "up"])
      expect(
        await ran(scriptOf("up.yml", job, "Refuse an outdated commit"), "gh", { code: 0, says: head }),
      ).toMatchObject({ code, stdout, summary: stdout });
  });

  test("up.yml does not go on where GitHub does not answer", async () => {
    expect(await ran(scriptOf("up.yml", "up", "Refuse an outdated commit"), "gh", { code: 4 })).toMatchObject({
      code: 4,
    });
  });

  test("ci.yml only warns where the newest SDK cannot be installed", async () => {
    expect(
      await ran(scriptOf("ci.yml", "newest", "Try what the lockfile holds back"), "npm", { code: 1 }),
    ).toMatchObject({
      code: 0,
      stdout: "::warning title=Newest SDK::The project does not work with it yet; this job's log shows why.\n",
    });
  });

  test("comment.yml says that there is no verdict, in place of the one before, where the run left none", async () => {
    expect(
      await ran(scriptOf("comment.yml", "comment", "Fetch what the run found out"), "gh", { code: 1 }),
    ).toMatchObject({
      code: 0,
      stdout: "no verdict: the run ended before it\nno preview: the run had no credentials\n",
    });
  });
});

describe("the pull request of image.yml", () => {
  const script = scriptOf("image.yml", "image", "Open the pull request");
  let folder = "";
  let work = "";
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "netra-image-pr-"));
    work = join(folder, "work");
    mkdirSync(join(folder, "bin"));
    // `gh` of this test: one pull request for each branch, kept in a file.
    writeFileSync(
      join(folder, "bin/gh"),
      `#!/bin/sh\necho "$*" >> ${folder}/calls\ncase "$2" in list) grep -c "^$4$" ${folder}/open || true;; create) echo "$4" >> ${folder}/open;; esac\n`,
    );
    chmodSync(join(folder, "bin/gh"), 0o755);
    writeFileSync(join(folder, "open"), "");
    await git(folder, "init", "--quiet", "--bare", "--initial-branch", "main", "origin.git");
    await clone();
    copyFileSync(REFERENCE, join(work, "Pulumi.staging.yaml"));
    await git(work, "add", ".");
    await git(work, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message", "main");
    await git(work, "push", "--quiet", "origin", "HEAD:main");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const git = async (cwd: string, ...args: readonly string[]) =>
    (await promisify(execFile)("git", args, { cwd })).stdout.trim();
  const clone = async () => {
    rmSync(work, { recursive: true, force: true });
    await git(folder, "clone", "--quiet", "origin.git", "work");
  };
  const opened = async (image: string) => {
    const env = {
      ...process.env,
      PATH: [join(folder, "bin"), process.env.PATH].join(delimiter),
      SERVICE: "backend",
      IMAGE: image,
    };
    return (
      await promisify(execFile)("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], { cwd: work, env })
    ).stdout;
  };
  const changed = (image: string) =>
    writeFileSync(join(work, "Pulumi.staging.yaml"), `${readFileSync(REFERENCE, "utf8")}# ${image}\n`);

  test("is none where the image is there already", async () => {
    expect(await opened("r/backend@sha256:1")).toBe("nothing to do\n");
    expect(await git(join(folder, "origin.git"), "branch", "--list", "image/*")).toBe("");
  });

  test("is opened for the first image of a service, and renewed by the next", async () => {
    changed("one");
    await opened("r/backend@sha256:1");
    await clone();
    changed("two");
    await opened("r/backend@sha256:2");
    expect(await git(join(folder, "origin.git"), "log", "--format=%s|%b|%an", "main..image/backend")).toBe(
      "backend: sha256:2|r/backend@sha256:2\n|github-actions[bot]",
    );
    expect(readFileSync(join(folder, "calls"), "utf8").trim().split("\n")).toEqual([
      "auth setup-git",
      "pr list --head image/backend --state open --json number --jq length",
      "pr create --head image/backend --title backend: sha256:1 --body r/backend@sha256:1",
      "auth setup-git",
      "pr list --head image/backend --state open --json number --jq length",
      "pr edit image/backend --title backend: sha256:2 --body r/backend@sha256:2",
    ]);
  });
});
