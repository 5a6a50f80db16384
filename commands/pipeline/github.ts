import { z } from "zod";
import { InputError } from "../../capacity/problem";

/*
 * The calls of GitHub's REST API that the pipelines need. Octokit is not used: one of its packages requires Node 22.
 * Source: docs.github.com/rest, version 2022-11-28.
 */

export interface Access {
  /** Without a trailing slash: `https://api.github.com`. */
  readonly url: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly token: string;
}

/** The account of a job's own token; comments and issues of others are never edited. */
const ACTIONS = "github-actions[bot]";
const PAGE = 100;
/** The search for an existing entry stops after this many. */
const MOST_PAGES = 30;
const TIMEOUT_MS = 30_000;

const written = z.object({
  number: z.number().optional(),
  id: z.number(),
  body: z.string().nullish(),
  user: z.object({ login: z.string() }).nullish(),
});
const pulls = z.array(z.object({ number: z.number(), head: z.object({ sha: z.string() }) }));
const issues = z.array(written.extend({ number: z.number(), pull_request: z.unknown().optional() }));
const comments = z.array(written);

/** Reads the variables of a GitHub Actions job. @throws InputError with all that are missing. */
export function accessOfJob(environment: NodeJS.ProcessEnv): Access {
  const {
    GITHUB_API_URL: url = "https://api.github.com",
    GITHUB_REPOSITORY: repository = "",
    GITHUB_TOKEN: token = "",
  } = environment;
  const missing = (name: string, because: string, fix: string) => ({
    setting: name,
    message: `'${name}' must be set because ${because}; ${fix}`,
  });
  const problems = [
    ...(/^[\w.-]+\/[\w.-]+$/.test(repository)
      ? []
      : [missing("GITHUB_REPOSITORY", "results are posted to that repository", "set it to OWNER/NAME")]),
    ...(token === ""
      ? [missing("GITHUB_TOKEN", "GitHub requires a token for writing", "set it to the github.token of the job")]
      : []),
  ];
  if (problems.length > 0) throw new InputError(problems);
  return { url, repository, token };
}

/** The open pull request with this head; `undefined` if it has been closed or updated since. */
export async function openPullRequest(
  access: Access,
  head: { readonly owner: string; readonly branch: string; readonly sha: string },
): Promise<number | undefined> {
  const query = new URLSearchParams({ state: "open", head: `${head.owner}:${head.branch}`, per_page: String(PAGE) });
  const found = pulls.parse(await call(access, "GET", `pulls?${query}`));
  return found.find(({ head: { sha } }) => sha === head.sha)?.number;
}

/** Creates or updates the comment that begins with the marker. */
export async function putComment(
  access: Access,
  pullRequest: number,
  marker: string,
  body: string,
): Promise<"created" | "updated"> {
  const path = `issues/${pullRequest}/comments`;
  const own = await find(access, path, comments, (one) => isOwn(one, marker));
  await (own ? call(access, "PATCH", `issues/comments/${own.id}`, { body }) : call(access, "POST", path, { body }));
  return own ? "updated" : "created";
}

/** Opens or updates the issue that begins with the marker. */
export async function putIssue(
  access: Access,
  marker: string,
  { title, body }: { readonly title: string; readonly body: string },
): Promise<string> {
  const own = await openIssue(access, marker);
  if (own) {
    if (own.body !== body) await call(access, "PATCH", `issues/${own.number}`, { title, body });
    return `issue #${own.number} ${own.body === body ? "says so already" : "updated"}`;
  }
  const { number } = z.object({ number: z.number() }).parse(await call(access, "POST", "issues", { title, body }));
  return `issue #${number} opened`;
}

/** Closes the open issue that begins with the marker, if there is one. */
export async function closeIssue(access: Access, marker: string, why: string): Promise<string> {
  const own = await openIssue(access, marker);
  if (!own) return "no issue is open";
  await call(access, "POST", `issues/${own.number}/comments`, { body: why });
  await call(access, "PATCH", `issues/${own.number}`, { state: "closed", state_reason: "completed" });
  return `issue #${own.number} closed`;
}

const openIssue = (access: Access, marker: string) =>
  find(
    access,
    `issues?${new URLSearchParams({ state: "open", creator: ACTIONS })}`,
    issues,
    (one) => one.pull_request === undefined && isOwn(one, marker),
  );

const isOwn = ({ body, user }: z.output<typeof written>, marker: string) =>
  user?.login === ACTIONS && (body ?? "").startsWith(marker);

/** The first matching entry of a paginated list. */
async function find<T>(
  access: Access,
  path: string,
  schema: z.ZodType<T[]>,
  fits: (one: T) => boolean,
): Promise<T | undefined> {
  for (let page = 1; page <= MOST_PAGES; page++) {
    const entries = schema.parse(
      await call(access, "GET", `${path}${path.includes("?") ? "&" : "?"}per_page=${PAGE}&page=${page}`),
    );
    const found = entries.find(fits);
    if (found !== undefined || entries.length < PAGE) return found;
  }
  return undefined;
}

/** One request. @throws InputError with GitHub's message, which names a missing permission. */
async function call({ url, repository, token }: Access, method: string, path: string, body?: object): Promise<unknown> {
  const headers = {
    authorization: `Bearer ${token}`,
    accept: "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
    "user-agent": "netra-staging",
  };
  const failure = (said: string) =>
    new InputError([
      {
        setting: "GitHub",
        message: `GitHub must answer ${method} ${path.split("?")[0]} of ${repository} because the result is posted there (${said}); check the job's 'permissions', and run it again`,
      },
    ]);
  let response: Response;
  try {
    response = await fetch(`${url}/repos/${repository}/${path}`, {
      method,
      headers,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  } catch (error) {
    throw failure(
      error instanceof Error
        ? `${error.message}${error.cause instanceof Error ? `: ${error.cause.message}` : ""}`
        : String(error),
    );
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer;
  const { data } = z.object({ message: z.string() }).safeParse(answer);
  throw failure(`${response.status}${data ? `: ${data.message}` : ""}`);
}
