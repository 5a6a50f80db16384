import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { type Finding, Unproven } from "./step";

/** How the other side is reached. */
export interface Reach {
  /** Aborts when the attempt's time is over. */
  readonly signal: AbortSignal;
  /** Certificate authorities (PEM) beside none: replaces those that Node trusts. Default: those. */
  readonly ca?: string | undefined;
}

interface Question {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/**
 * Asks once, on a connection of its own, and follows no redirect.
 * @throws Unproven, transient, where no whole answer comes.
 */
export async function ask(url: URL, question: Question, { signal, ca }: Reach): Promise<Answer> {
  try {
    return await new Promise((resolve, reject) => {
      const { method = "GET", headers = {}, body = "" } = question;
      const asking = request(
        url,
        { method, headers, signal, agent: false, ...(ca === undefined ? {} : { ca }) },
        (response) => {
          beginningOf(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
        },
      );
      asking.once("error", reject);
      asking.end(body);
    });
  } catch (error) {
    throw new Unproven(signal.aborted ? HANGS : connectionFinding(error, url.hostname), { isTransient: true });
  }
}

/** No answer that is read here is longer; one without end would fill the memory. Characters. */
const LONGEST_BODY = 2 ** 20;

/** As much of a body as is of interest; the connection is closed where there is more. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of response.setEncoding("utf8")) {
    body += chunk;
    if (body.length > LONGEST_BODY) break;
  }
  return body;
}

export const isSuccess = ({ status }: Answer) => status >= 200 && status < 300;

/** Who is overloaded, starting or restarting may answer the next attempt. */
export const isTransient = (status: number) => status === 429 || status >= 500;

const HANGS: Finding = {
  found: "no answer before the time-out",
  means:
    "the host takes the connection and the application does not answer: it waits for a database connection, or traffic reaches one that never started",
  lookAt:
    "the service's log around DATABASE, pool time-outs and SQLSTATE 53300; whether its start-up probe is an HTTP one; npm run diagnose",
};

/** What a connection that did not come about, or broke, means. */
export function connectionFinding(error: unknown, host: string): Finding {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const known = CONNECTION[code];
  return {
    found: code === "" ? "the connection failed" : `the connection failed (${code})`,
    means:
      known?.means ??
      "the connection broke before an answer: an instance died, or something between closes connections",
    lookAt:
      known?.lookAt.replaceAll("HOST", host) ??
      "the service's log for exits (code 3) and memory limits; the load balancer's log for its own errors",
  };
}

const CONNECTION: Readonly<Record<string, { readonly means: string; readonly lookAt: string }>> = {
  ECONNREFUSED: {
    means: "nothing listens at that address: no forwarding rule for this port, or the name leads elsewhere",
    lookAt: "the address HOST resolves to, beside the load balancer's: gcloud compute forwarding-rules list --global",
  },
  ENOTFOUND: { means: "the name has no address", lookAt: "the DNS record of HOST" },
  EAI_AGAIN: {
    means: "the name could not be looked up",
    lookAt: "this machine's resolver, then the DNS record of HOST",
  },
};

/** What an HTTP status means that is no success, for a request that needs no token. */
export function statusFinding(status: number, service: string): Finding {
  const found = `answered ${status}`;
  if (status === 503 || status === 502 || status === 504 || status === 500)
    return {
      found,
      means: "no instance is ready to answer: starts fail, or the instances that are there break",
      lookAt: `the log of ${service} for failed start-up probes, exit code 3 and SQLSTATE 53300; npm run diagnose`,
    };
  if (status === 429)
    return {
      found,
      means: "no instance is free: the service is at its maximum, or cannot scale out in time",
      lookAt: `'maxInstances' and 'concurrency' of ${service}; its log for "no available instance"`,
    };
  if (status === 401 || status === 403)
    return {
      found,
      means:
        "the request is turned away before the application answers: ingress, invoker or a web application firewall forbids it, or the path is protected",
      lookAt: `'ingress' and 'invoker' of ${service} in the stack file`,
    };
  if (status === 404)
    return {
      found,
      means: "the path is not one the application serves, or the host leads to another service",
      lookAt: `the path in the stack file or the hosts file; the load balancer's URL map; the ingress of ${service} (Cloud Run answers 404 to what it does not let in)`,
    };
  return {
    found,
    means: "something else than the application as the plan knows it answers",
    lookAt: `what the host serves, and the revision of ${service} that takes the traffic`,
  };
}
