import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach } from "vitest";
import type { Cloud } from "../../../commands/shared/cloud/rest";

/** What the server answers to one address: an object, or whatever the function writes. */
type Answer = object | ((request: IncomingMessage, response: ServerResponse) => void);

export interface RestServer {
  /** By API and path, without the query: `run/v2/projects/p/locations/r/services`. Anything else is a 404. */
  readonly answers: Map<string, Answer>;
  /** What was asked, in order, with method and query. */
  readonly asked: string[];
  readonly authorizations: string[];
  /** Seconds between attempts, which here go by at once. */
  readonly waits: number[];
  cloud(timeoutSeconds?: number): Cloud;
}

/** A local server that speaks the REST shapes of Google's APIs, all of them under one address. */
export function restServer(): RestServer {
  const answers = new Map<string, Answer>();
  const asked: string[] = [];
  const authorizations: string[] = [];
  const waits: number[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "", "http://localhost");
    asked.push(`${request.method} ${request.url}`);
    authorizations.push(String(request.headers.authorization));
    const answer = answers.get(pathname.slice(1));
    if (typeof answer === "function") answer(request, response);
    else if (answer) response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    else refuse(404, "NOT_FOUND")(request, response);
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    answers.clear();
    asked.length = 0;
    authorizations.length = 0;
    waits.length = 0;
  });
  const port = () => (server.address() as AddressInfo).port; // it listens on TCP
  return {
    answers,
    asked,
    authorizations,
    waits,
    cloud: (timeoutSeconds = 5) => ({
      endpoint: (api) => `http://127.0.0.1:${port()}/${api}`,
      authorization: async () => ({ authorization: "Bearer a-token" }),
      timeoutSeconds,
      wait: async (seconds) => waits.push(seconds),
    }),
  };
}

/** An error as Google's APIs write it. */
export const refuse =
  (code: number, status: string, headers: Record<string, string> = {}, reason?: string) =>
  (_: IncomingMessage, response: ServerResponse): void => {
    const details = reason
      ? [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "googleapis.com" }]
      : [];
    response
      .writeHead(code, { "content-type": "application/json", ...headers })
      .end(JSON.stringify({ error: { code, message: "no", status, details } }));
  };
