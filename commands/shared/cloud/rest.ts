import { setTimeout as sleep } from "node:timers/promises";
import { GoogleAuth } from "google-auth-library";
import { isObject } from "./classify";

/** How to reach the cloud: addresses, credentials, time-out. */
export interface Cloud {
  /** The address of an API, such as `run`. */
  endpoint(api: string): string;
  /** The headers that authorise a request. */
  authorization(url: string): Promise<Readonly<Record<string, string>>>;
  readonly timeoutSeconds: number;
  /** Lets that many seconds pass before the next attempt. */
  wait(seconds: number): Promise<unknown>;
}

/** Google's APIs with application default credentials, for reading only. */
export function googleCloud(projectId: string): Cloud {
  // Cloud SQL and VPC Access have no narrower read scope; the account's roles limit access.
  const auth = new GoogleAuth({ scopes: "https://www.googleapis.com/auth/cloud-platform", projectId });
  let client: ReturnType<typeof auth.getClient> | undefined;
  return {
    endpoint: (api) => `https://${api}.googleapis.com`,
    async authorization(url) {
      // Looks for missing credentials only once.
      client ??= auth.getClient();
      return Object.fromEntries((await (await client).getRequestHeaders(url)).entries());
    },
    timeoutSeconds: 20,
    wait: (seconds) => sleep(seconds * 1000),
  };
}

/** Why a request failed. The message completes a sentence like "Cloud Run services: ...". */
export class Unanswered extends Error {
  constructor(
    message: string,
    /** The HTTP status, where there was an answer. */
    readonly status?: number,
    /** The command that lets the request succeed, where one does. */
    readonly mend?: string,
  ) {
    super(message);
  }
}

const LOGIN = "gcloud auth application-default login";

const ATTEMPTS = 3;
/** The longest wait before a retry, seconds. */
const LONGEST_WAIT = 30;
const MOST_PAGES = 200;

/** Calls a method that reads one object. @throws Unanswered */
export const readObject = (cloud: Cloud, api: string, path: string, method: "GET" | "POST" = "GET") =>
  fetchObject(cloud, api, `${cloud.endpoint(api)}${path}`, method);

/** Every object of a list, page after page. `path` may have a query of its own. @throws Unanswered */
export async function readList(
  cloud: Cloud,
  api: string,
  path: string,
  items: string,
  more?: URLSearchParams,
): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  const [address = "", own] = path.split("?");
  const query = more ?? new URLSearchParams(own);
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await readObject(cloud, api, `${address}${query.size > 0 ? `?${query}` : ""}`);
    const objects = answer[items] ?? [];
    if (!Array.isArray(objects)) throw new Unanswered(`${api}.googleapis.com returned an unexpected response`);
    all.push(...objects);
    const next = answer.nextPageToken;
    if (typeof next !== "string" || next === "") return all;
    query.set("pageToken", next);
  }
  throw new Unanswered(`${api}.googleapis.com has more than ${MOST_PAGES} pages`);
}

async function fetchObject(
  cloud: Cloud,
  api: string,
  url: string,
  method: "GET" | "POST",
): Promise<Readonly<Record<string, unknown>>> {
  for (let attempt = 1; ; attempt++) {
    const signal = AbortSignal.timeout(cloud.timeoutSeconds * 1000);
    const headers = await authorizationHeaders(cloud, url, signal);
    const { response, body } = await fetchOnce(api, url, { method, headers, signal }, cloud.timeoutSeconds);
    if (response.ok) {
      if (isObject(body)) return body;
      throw new Unanswered(`${api}.googleapis.com returned an unexpected response`);
    }
    const isBusy = response.status === 429 || response.status >= 500;
    const seconds = retryAfterSeconds(response) ?? 2 ** (attempt - 1);
    if (!isBusy || attempt === ATTEMPTS || seconds > LONGEST_WAIT)
      throw refusal(api, response.status, body, attempt, seconds);
    await cloud.wait(seconds);
  }
}

async function fetchOnce(
  api: string,
  url: string,
  request: RequestInit & { readonly signal: AbortSignal },
  seconds: number,
) {
  const { signal } = request;
  try {
    const response = await fetch(url, request);
    const text = await response.text();
    return { response, body: parsed(text) };
  } catch {
    throw new Unanswered(
      signal.aborted
        ? `${api}.googleapis.com did not answer within ${seconds} s`
        : `${api}.googleapis.com cannot be reached`,
    );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Seconds, or a date; `undefined`: the server does not say. */
function retryAfterSeconds({ headers }: Response): number | undefined {
  const text = headers.get("retry-after");
  if (text === null) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000);
}

function refusal(api: string, status: number, body: unknown, attempts: number, seconds: number): Unanswered {
  const host = `${api}.googleapis.com`;
  if (status === 403 && isDisabled(body))
    return new Unanswered(`the API ${host} is off`, status, `gcloud services enable ${host}`);
  if (status === 401) return new Unanswered("the Google credentials here are not accepted (401)", status, LOGIN);
  if (status === 403) return new Unanswered(`${host} denies access to these credentials (403)`, status);
  if (status === 404) return new Unanswered(`${host} has no such project or location (404)`, status);
  if (status === 429 && seconds > LONGEST_WAIT)
    return new Unanswered(
      `${host} asks for a retry after ${Math.ceil(seconds)} s (429): run this command again then`,
      status,
    );
  return new Unanswered(`${host} answered ${status}${attempts > 1 ? ` ${attempts} times` : ""}`, status);
}

/** The reason is in the error's details; older APIs have it in `errors`. */
function isDisabled(body: unknown): boolean {
  const text = JSON.stringify(isObject(body) ? (body.error ?? "") : "");
  return /"reason":"(SERVICE_DISABLED|accessNotConfigured)"/.test(text);
}

/** The auth library accepts no abort signal. */
async function authorizationHeaders(
  cloud: Cloud,
  url: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const timeout = new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
  );
  try {
    return await Promise.race([cloud.authorization(url), timeout]);
  } catch {
    // Not its message: it can repeat what a credentials file holds.
    throw new Unanswered("no Google credentials here give a token", undefined, LOGIN);
  }
}
