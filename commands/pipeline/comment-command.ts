import { readFileSync } from "node:fs";
import { z } from "zod";
import { inputError } from "../../capacity/problem";
import { command, EXIT, type Runnable } from "../shared/command";
import { COMMENT_MARKER, comment } from "./comment";
import { accessOfJob, openPullRequest, putComment } from "./github";
import { readGuardFile, readVerdictFile } from "./verdict-file";

interface Options {
  readonly head: string;
  readonly base: string;
  readonly guard: string;
  readonly post?: true;
}

/** The event of a workflow that another one started, as far as it is needed. */
const eventSchema = z
  .object({
    workflow_run: z.object({
      head_sha: z.string(),
      head_branch: z.string(),
      head_repository: z.object({ owner: z.object({ login: z.string() }) }),
    }),
  })
  .transform(({ workflow_run: { head_sha, head_branch, head_repository } }) => ({
    sha: head_sha,
    branch: head_branch,
    owner: head_repository.owner.login,
  }));

export function commentCommand(): Runnable {
  const definition = command(
    "comment",
    "Writes the comment on a pull request from the results of other jobs. A missing file means that a job did not produce it.",
  )
    .requiredOption("--head <file>", "what `check --json` printed on the pull request")
    .requiredOption("--base <file>", "what it printed on the base")
    .requiredOption("--guard <file>", "what `guard --json` printed on the preview")
    .option(
      "--post",
      "in a workflow that a run of `preview` started: put it on that run's pull request, in place of the one before",
    );
  return {
    definition,
    action: async ({ stdout, env }) => {
      const { head, base, guard, post } = definition.opts<Options>();
      const body = comment({ head: readVerdictFile(head), base: readVerdictFile(base), guard: readGuardFile(guard) });
      stdout.write(post ? `${await posted(body, env)}\n` : body);
      return EXIT.sound;
    },
  };
}

/** Which pull request it is, is taken from GitHub's own event and answer: the artifact's word is the pull request's. */
async function posted(body: string, env: NodeJS.ProcessEnv): Promise<string> {
  const access = accessOfJob(env);
  const head = headOf(env.GITHUB_EVENT_PATH);
  const number = await openPullRequest(access, head);
  if (number === undefined) return `No open pull request has ${head.sha} as its head: there is nothing to comment on.`;
  return `Comment on #${number} ${await putComment(access, number, COMMENT_MARKER, body)}.`;
}

function headOf(file: string | undefined) {
  try {
    return eventSchema.parse(JSON.parse(readFileSync(file ?? "", "utf8")));
  } catch {
    throw inputError(
      "GITHUB_EVENT_PATH",
      `(${file ?? "not set"}) must be the event of a workflow that another workflow started because it identifies the pull request; omit '--post' elsewhere`,
    );
  }
}
