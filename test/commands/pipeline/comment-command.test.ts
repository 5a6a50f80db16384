import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CONNECTOR } from "../../../config/resource-types";
import { verdictOn } from "../../report/verdict";
import { commandNamed, type Ended } from "../child";
import { digest } from "../guard/previews";
import { GitHubApi } from "./github-api";

/* What comment and drift post, and to whom: real commands, and GitHub's API on a port of this machine. */

const SHA = "a".repeat(40);
const MARKER = "<!-- netra-staging: check -->";
const DRIFT = "<!-- netra-staging: drift -->";

let folder = "";
let api: GitHubApi;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "netra-post-"));
  write("head.json", JSON.stringify(verdictOn()));
  write(
    "event.json",
    JSON.stringify({
      workflow_run: { head_sha: SHA, head_branch: "a/b&c", head_repository: { owner: { login: "somebody" } } },
    }),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  api = await GitHubApi.start();
  api.pulls = [
    { number: 6, state: "open", head: { sha: "b".repeat(40), label: "somebody:a/b&c" } },
    { number: 7, state: "open", head: { sha: SHA, label: "somebody:a/b&c" } },
    { number: 8, state: "open", head: { sha: SHA, label: "another:a/b&c" } },
  ];
});
afterEach(() => api.stop());

function write(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

function posting(command: string, args: readonly string[], variables: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const env = {
    ...process.env,
    GITHUB_API_URL: api.url,
    GITHUB_REPOSITORY: "netra/staging",
    GITHUB_TOKEN: "a token",
    GITHUB_EVENT_PATH: join(folder, "event.json"),
    ...variables,
  };
  return commandNamed(command, env)(...args);
}

describe("comment --post", () => {
  const files = () => [
    "--head",
    join(folder, "head.json"),
    "--base",
    join(folder, "head.json"),
    "--guard",
    join(folder, "none.json"),
  ];
  const post = (variables?: NodeJS.ProcessEnv) => posting("comment", ["--post", ...files()], variables);

  test("makes one comment on the pull request that GitHub names, and updates that one the next time", async () => {
    // The first page is full, and neither a person's comment with the marker nor another bot's is ours.
    for (let i = 0; i < 100; i++) api.add("comments", { number: 7, body: "hello" });
    api.add("comments", { number: 7, body: MARKER, user: { login: "somebody" } });
    expect(await post()).toEqual({ code: 0, stdout: "Comment on #7 created.\n", stderr: "" });
    expect(await post()).toEqual({ code: 0, stdout: "Comment on #7 updated.\n", stderr: "" });
    const ours = api.comments.filter(
      ({ body, user }) => body.startsWith(MARKER) && user.login === "github-actions[bot]",
    );
    expect(ours.map(({ number, body }) => [number, body.split("\n")[2]?.slice(0, 40)])).toEqual([
      [7, "# staging: the plan is sound: 92 of 120 "],
    ]);
    expect(api.comments).toHaveLength(102);
  });

  test("reports nothing where the pull request has been pushed to since", async () => {
    api.pulls = api.pulls.filter(({ number }) => number !== 7);
    expect(await post()).toEqual({
      code: 0,
      stdout: `No open pull request has ${SHA} as its head: there is nothing to comment on.\n`,
      stderr: "",
    });
    expect(api.calls).toEqual(["GET pulls"]);
  });

  test("reports in one line what GitHub refuses, and shows no token", async () => {
    api.broken = 403;
    expect(await post()).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "GitHub must answer GET pulls of netra/staging because the result is posted there (403: Resource not accessible by integration); check the job's 'permissions', and run it again\n",
    });
  });

  test("names everything of its job that is missing", async () => {
    expect(await post({ GITHUB_TOKEN: "", GITHUB_REPOSITORY: "" })).toEqual({
      code: 2,
      stdout: "",
      stderr: [
        "'GITHUB_REPOSITORY' must be set because results are posted to that repository; set it to OWNER/NAME",
        "'GITHUB_TOKEN' must be set because GitHub requires a token for writing; set it to the github.token of the job",
        "",
      ].join("\n"),
    });
    expect(await post({ GITHUB_EVENT_PATH: join(folder, "head.json") })).toMatchObject({
      code: 2,
      stderr: `'GITHUB_EVENT_PATH' (${join(folder, "head.json")}) must be the event of a workflow that another workflow started because it identifies the pull request; omit '--post' elsewhere\n`,
    });
  });

  test("without --post, prints the comment and asks nobody", async () => {
    const { code, stdout } = await posting("comment", files(), { GITHUB_TOKEN: "" });
    expect(code).toBe(0);
    expect(stdout.startsWith(`${MARKER}\n\n# staging: the plan is sound`)).toBe(true);
    expect(api.calls).toEqual([]);
  });
});

describe("drift --post", () => {
  const HEALTHY = { ok: true, findings: [], questions: [] };
  const drifted = [
    { op: "update", type: CONNECTOR, name: "staging-connector", old: {}, new: {}, changed: ["minInstances"] },
  ];
  const post = (steps: typeof drifted, diagnosis: object = HEALTHY) =>
    posting("drift", [
      "--post",
      "--refresh",
      write("refresh.json", digest({ steps })),
      "--diagnosis",
      write("diagnosis.json", JSON.stringify(diagnosis)),
    ]);
  const lastLine = ({ stdout }: Ended) => stdout.trim().split("\n").at(-1);

  test("opens one issue, leaves it, updates it, and closes it when there is nothing", async () => {
    api.add("issues", { body: DRIFT, user: { login: "somebody" } });
    api.add("issues", { body: DRIFT, pull_request: {} });

    const clean = await post([]);
    expect([clean.code, lastLine(clean)]).toEqual([0, "no issue is open"]);

    const opened = await post(drifted);
    const issue = api.issues.at(-1);
    expect([opened.code, lastLine(opened)]).toEqual([1, `issue #${issue?.number} opened`]);
    expect(issue).toMatchObject({ title: "staging has drifted: 1 resource changed", state: "open" });
    expect(issue?.body).toContain("| staging-connector | update: minInstances |");

    expect(lastLine(await post(drifted))).toBe(`issue #${issue?.number} says so already`);
    expect(lastLine(await post([...drifted, { ...drifted[0], name: "other" } as (typeof drifted)[number]]))).toBe(
      `issue #${issue?.number} updated`,
    );
    expect(issue?.title).toBe("staging has drifted: 2 resources changed");

    const gone = await post([]);
    expect([gone.code, lastLine(gone)]).toEqual([0, `issue #${issue?.number} closed`]);
    expect(issue?.state).toBe("closed");
    expect(api.comments.map(({ number, body }) => [number, body])).toEqual([
      [issue?.number, "The last run found nothing."],
    ]);
    expect(api.issues).toHaveLength(3);
  });
});

describe("drift", () => {
  const drift = (...args: readonly string[]) => posting("drift", args);

  test("refuses files that are none of the two, both at once", async () => {
    const [refresh, diagnosis] = [write("not.json", "no"), join(folder, "missing.json")];
    expect(await drift("--refresh", refresh, "--diagnosis", diagnosis)).toEqual({
      code: 2,
      stdout: "",
      stderr: [
        `'--refresh' (${refresh}) must be what \`pulumi refresh --preview-only --expect-no-changes --json\` prints because it lists what has drifted; let it complete and redirect its standard output to the file`,
        `'--diagnosis' (${diagnosis}) must be a file that can be read because the drift report combines both files; run \`npm run --silent diagnose -- --json > ${diagnosis}\``,
        "",
      ].join("\n"),
    });
  });

  test("refuses the refresh of another stack", async () => {
    const refresh = write(
      "other.json",
      digest({ steps: [{ op: "update", type: CONNECTOR, old: {} }], stack: "production" }),
    );
    expect(
      await drift("--refresh", refresh, "--diagnosis", write("d.json", '{"findings": [], "questions": []}')),
    ).toMatchObject({
      code: 2,
      stderr: `'${refresh}' must be a preview of the stack staging because '--stack' names that stack and the preview is of production; set '--stack' to production\n`,
    });
  });
});
