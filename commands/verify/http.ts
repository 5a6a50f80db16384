import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { type Finding, Unproven } from "./step";

export interface Reach {
  /** Aborts at the attempt's timeout. */
  readonly signal: AbortSignal;
  /** Certificate authorities (PEM) to trust instead of Node's own. */
  readonly ca?: string | undefined;
}

interface Request {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/**
 * Sends one request on a connection of its own, without following redirects.
 * @throws Unproven, transient, without a complete answer.
 */
export async function ask(url: URL, question: Request, { signal, ca }: Reach): Promise<Answer> {
  try {
    return await new Promise((resolve, reject) => {
      const { method = "GET", headers = {}, body = "" } = question;
      const sent = request(
        url,
        { method, headers, signal, agent: false, ...(ca === undefined ? {} : { ca }) },
        (response) => {
          beginningOf(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
        },
      );
      sent.once("error", reject);
      sent.end(body);
    });
  } catch (error) {
    throw new Unproven(signal.aborted ? HANGS : connectionFinding(error, url.hostname), { isTransient: true });
  }
}

/** In characters. Expected answers are shorter; the limit bounds memory. */
const LONGEST_BODY = 2 ** 20;

/** The beginning of a body; a longer one is cut and its connection closed. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of response.setEncoding("utf8")) {
    body += chunk;
    if (body.length > LONGEST_BODY) break;
  }
  return body;
}

export const isSuccess = ({ status }: Answer) => status >= 200 && status < 300;

/** An overloaded or restarting server may answer the next attempt. */
export const isTransient = (status: number) => status === 429 || status >= 500;

const HANGS: Finding = {
  found: "no answer before the timeout",
  means:
    "the host accepts the connection but the application does not answer: it waits for a database connection, or it never started",
  lookAt:
    "the service's log around DATABASE, pool timeouts and SQLSTATE 53300; whether its start-up probe uses HTTP; npm run diagnose",
};

/** Explains a connection that failed or broke. */
export function connectionFinding(error: unknown, host: string): Finding {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const known = CONNECTION[code];
  return {
    found: code === "" ? "the connection failed" : `the connection failed (${code})`,
    means: known?.means ?? "the connection broke before an answer: an instance died, or a proxy closes connections",
    lookAt:
      known?.lookAt.replaceAll("HOST", host) ??
      "the service's log for exits (code 3) and memory limits; the load balancer's log for its own errors",
  };
}

const CONNECTION: Readonly<Record<string, { readonly means: string; readonly lookAt: string }>> = {
  ECONNREFUSED: {
    means: "nothing listens at that address: no forwarding rule for this port, or the name resolves to another address",
    lookAt: "the address that HOST resolves to, and the load balancer's: gcloud compute forwarding-rules list --global",
  },
  ENOTFOUND: { means: "the name has no address", lookAt: "the DNS record of HOST" },
  EAI_AGAIN: {
    means: "the name could not be looked up",
    lookAt: "this machine's resolver, then the DNS record of HOST",
  },
};

/** Explains an error status of a request without a token. */
export function statusFinding(status: number, service: string): Finding {
  const found = `answered ${status}`;
  if (status === 503 || status === 502 || status === 504 || status === 500)
    return {
      found,
      means: "no instance is ready to answer: starts fail, or running instances crash",
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
        "the request is rejected before the application answers: ingress, invoker or a web application firewall forbids it, or the path is protected",
      lookAt: `'ingress' and 'invoker' of ${service} in the stack file`,
    };
  if (status === 404)
    return {
      found,
      means: "the application does not serve the path, or the host points to another service",
      lookAt: `the path in the stack file or the hosts file; the load balancer's URL map; the ingress of ${service} (Cloud Run answers 404 to requests that ingress forbids)`,
    };
  return {
    found,
    means: "another program than the planned application answers",
    lookAt: `what the host serves, and the revision of ${service} that receives the traffic`,
  };
}
