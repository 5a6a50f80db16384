import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROJECT_ROOT } from "../../commands/stack-file";
import { onReference, stagingSettings } from "../stack-settings";
import type { Ended } from "./child";

/* What is asked of a job is tested in test/delivery; here a `gcloud` in a process of its own answers and writes down its calls. */

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "netra-migrate-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const job = (poolSize: number) =>
  JSON.stringify({
    spec: {
      template: {
        spec: {
          taskCount: 1,
          template: {
            spec: {
              containers: [
                {
                  env: [
                    { name: "DB_POOL_SIZE", value: String(poolSize) },
                    { name: "DB_MAX_OVERFLOW", value: "0" },
                    { name: "WEB_CONCURRENCY", value: "1" },
                  ],
                },
              ],
            },
          },
        },
      },
    },
  });

/** Runs the command with a gcloud that answers so to `describe` and to `update`; tells the calls, too. */
async function migrate(
  args: readonly string[],
  { describe = `echo '${job(1)}'`, update = "exit 0" } = {},
): Promise<Ended & { readonly calls: readonly string[] }> {
  const bin = mkdtempSync(join(folder, "bin-"));
  writeFileSync(join(bin, "gcloud"), `#!/bin/sh\necho "$*" >> ${bin}/calls\ncase "$3" in describe) ${describe};; update) ${update};; esac\n`);
  chmodSync(join(bin, "gcloud"), 0o755);
  const env = { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) };
  const ended = await new Promise<Ended>((resolve) => {
    execFile(process.execPath, ["--import", "tsx", "commands/migrate.ts", ...onReference(args)], { cwd: PROJECT_ROOT, env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr }),
    );
  });
  return { ...ended, calls: existsSync(join(bin, "calls")) ? readFileSync(join(bin, "calls"), "utf8").trim().split("\n") : [] };
}

const IMAGE = stagingSettings().services.backend?.image ?? "";
const DESCRIBE = "run jobs describe migrate --region us-central1 --project netra-staging --format=json";
const UPDATE = `run jobs update migrate --image ${IMAGE} --region us-central1 --project netra-staging --execute-now --wait`;

test("gives the job the image that is about to roll out, and waits for it", async () => {
  expect(await migrate(["--service", "backend", "--", "migrate"])).toEqual({
    code: 0,
    stdout: `Job migrate has migrated with ${IMAGE}.\n`,
    stderr: "",
    calls: [DESCRIBE, UPDATE],
  });
});

test("a job that would hold more connections than the plan keeps is not run: exit 1", async () => {
  const { code, stdout, calls } = await migrate(["--service", "backend", "migrate"], { describe: `echo '${job(11)}'` });
  expect({ code, calls }).toEqual({ code: 1, calls: [DESCRIBE] });
  expect(stdout).toMatch(/^'netra:database.migrationConnections' \(10\) must be at least 11 because job migrate runs 1 tasks x 11 connections /);
});

test("a migration that fails: exit 1, with gcloud's words and the command", async () => {
  const update = "echo 'WARNING: x' >&2; echo 'ERROR: (gcloud.run.jobs.update) The execution failed.' >&2; exit 1";
  expect(await migrate(["--service", "backend", "migrate"], { update })).toMatchObject({
    code: 1,
    stdout: `The migration failed, nothing has rolled out (The execution failed): gcloud ${UPDATE}\n`,
    stderr: "",
  });
});

test("a job that is not there, or cannot be seen", async () => {
  const describe = (line: string) => `echo 'ERROR: (gcloud.run.jobs.describe) ${line}' >&2; exit 1`;
  expect(await migrate(["--service", "backend", "migrate"], { describe: describe("Cannot find job [migrate].") })).toMatchObject({
    code: 2,
    stderr:
      "'JOB' (migrate) must be a Cloud Run job because the migrations run in it (there is none in us-central1 of netra-staging); make it as docs/pipelines.md says\n",
  });
  expect(await migrate(["--service", "backend", "migrate"], { describe: describe("PERMISSION_DENIED: no.") })).toMatchObject({
    code: 2,
    stderr: "'JOB' (migrate) must be a Cloud Run job because the migrations run in it (PERMISSION_DENIED: no); make it as docs/pipelines.md says\n",
  });
});

test("bad names are refused together, before gcloud is asked", async () => {
  expect(await migrate(["--service", "web", "--", "--flags-file=x"])).toEqual({
    code: 2,
    stdout: "",
    stderr: [
      "'JOB' (--flags-file=x) must be the name of a Cloud Run job because it is run; set 'JOB' to lower-case letters, digits and hyphens, a letter first",
      "'--service' (web) must be one of auth, backend, frontend because its image is the one that migrates; set '--service' to one of them",
      "",
    ].join("\n"),
    calls: [],
  });
});
