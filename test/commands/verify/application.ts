import { createHmac } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { generate } from "selfsigned";
import { afterAll, beforeAll } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";

/*
 * The application of the contract, small: auth, backend and frontend, each on an HTTPS server of its own, with tokens
 * that are really signed and checked. Every test says only how it misbehaves.
 */

interface Pair {
  readonly key: string;
  readonly cert: string;
}

/** An authority of the tests' own, and what it signs. */
export interface Authority {
  readonly ca: string;
  /** Valid for so many days from now, and since so many days. */
  certificate(names: readonly string[], days?: number, since?: number): Promise<Pair>;
}

const DAY_MS = 86_400_000;

async function authority(): Promise<Authority> {
  const common = { keyType: "ec", algorithm: "sha256" } as const;
  const root = await generate([{ name: "commonName", value: "Verification tests" }], {
    ...common,
    notBeforeDate: new Date(Date.now() - 400 * DAY_MS),
    notAfterDate: new Date(Date.now() + 400 * DAY_MS),
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return {
    ca: root.cert,
    async certificate(names, days = 90, since = 300) {
      const leaf = await generate([{ name: "commonName", value: names[0] ?? "" }], {
        ...common,
        notBeforeDate: new Date(Date.now() - since * DAY_MS),
        notAfterDate: new Date(Date.now() + days * DAY_MS),
        extensions: [{ name: "subjectAltName", altNames: names.map((value) => ({ type: 2, value })) }],
        ca: { key: root.private, cert: root.cert },
      });
      return { key: leaf.private, cert: leaf.cert };
    },
  };
}

export const CREDENTIALS = { VERIFY_EMAIL: "verification@example.com", VERIFY_PASSWORD: "correct-horse" };
export const EVENTS = ["agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"];

/** How the application behaves; by default as it should. */
export interface Behaviour {
  /** Certificates by service. Default: a good one for localhost. */
  readonly certificates?: Readonly<Record<string, Pair>>;
  /**
   * Answers of health paths, one after another, the last one for ever. `hang`: none; `endless`: 200, and a body without
   * end. Default: 200.
   */
  readonly health?: Readonly<Record<string, readonly (number | "hang" | "endless")[]>>;
  /** What auth answers to credentials. Default: a token, or 401. */
  readonly issue?: { readonly status: number; readonly body: string };
  readonly secrets?: { readonly auth?: string; readonly backend?: string };
  /** Whether the backend looks at tokens at all. Default: true. */
  readonly isProtected?: boolean;
  /** Default: an upgrade for who has a token. */
  readonly upgrade?: "none" | "hang" | number;
  /** What an agent sends. Default: {@link EVENTS}, with others between. */
  readonly events?: readonly unknown[];
  /** What becomes of the connection after the events. Default: it stays open. */
  readonly close?: number;
}

/** The running application. */
export interface Application {
  readonly hosts: Readonly<Record<string, string>>;
  /** `METHOD service path`, in the order they came. */
  readonly requests: string[];
  /** What the agent was told. */
  readonly messages: string[];
}

/** Starts applications that are gone after each test. */
export function applications() {
  const servers: Server[] = [];
  let trust: Authority | undefined;
  let localhost: Pair | undefined;
  beforeAll(async () => {
    trust = await authority();
    localhost = await trust.certificate(["localhost"]);
  });
  // After all, because tests that only wait run at once.
  afterAll(() =>
    Promise.all(
      servers.map((server) => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
      }),
    ),
  );
  const known = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("applications are started in tests");
    return value;
  };
  return {
    authority: () => known(trust),
    async start(behaviour: Behaviour = {}): Promise<Application> {
      const requests: string[] = [];
      const messages: string[] = [];
      const hosts: Record<string, string> = {};
      for (const service of ["auth", "backend", "frontend"]) {
        const asked = new Map<string, number>();
        const server = createServer(behaviour.certificates?.[service] ?? known(localhost), (request, response) => {
          requests.push(`${request.method} ${service} ${request.url}`);
          void answer(service, request, response, behaviour, asked);
        });
        if (service === "backend" && behaviour.upgrade !== "none") acceptSockets(server, behaviour, messages);
        await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
        servers.push(server);
        hosts[service] = `https://localhost:${portOf(server)}`;
      }
      return { hosts, requests, messages };
    },
  };
}

function endless(response: ServerResponse): void {
  const chunk = Buffer.alloc(2 ** 16, " ");
  const write = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", write);
  write();
}

/** A server on a port has an address of this form. */
const portOf = (server: Server) => (server.address() as AddressInfo).port;

async function answer(
  service: string,
  request: IncomingMessage,
  response: ServerResponse,
  behaviour: Behaviour,
  asked: Map<string, number>,
): Promise<void> {
  const path = request.url ?? "";
  const end = (status: number, body = "") => void response.writeHead(status).end(body);
  if (path.startsWith("/health")) {
    const answers = behaviour.health?.[`${service} ${path}`] ?? [200];
    const turn = asked.get(path) ?? 0;
    asked.set(path, turn + 1);
    const status = answers[Math.min(turn, answers.length - 1)] ?? 200;
    if (status === "endless") endless(response);
    else if (status !== "hang") end(status);
  } else if (path === "/auth/login" && request.method === "POST") {
    const { email, password } = JSON.parse(await text(request));
    const isKnown = email === CREDENTIALS.VERIFY_EMAIL && password === CREDENTIALS.VERIFY_PASSWORD;
    const { status, body } =
      behaviour.issue ??
      (isKnown
        ? { status: 200, body: JSON.stringify({ access_token: signed(secret("auth", behaviour)) }) }
        : { status: 401, body: "" });
    end(status, body);
  } else if (path === "/auth/me" || path === "/api/users/me") end(isAllowed(service, request, behaviour) ? 200 : 401);
  else end(404);
}

function acceptSockets(server: Server, behaviour: Behaviour, messages: string[]) {
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    const status = behaviour.upgrade ?? (isAllowed("backend", request, behaviour) ? 101 : 401);
    if (status === "hang") return;
    if (status !== 101) socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
    else
      sockets.handleUpgrade(request, socket, head, (opened) =>
        opened.once("message", (data) => converse(opened, String(data), behaviour, messages)),
      );
  });
}

function converse(socket: WebSocket, message: string, { events, close }: Behaviour, messages: string[]) {
  messages.push(message);
  for (const event of events ?? EVENTS.flatMap((type) => [{ type }, { type: "ping" }]))
    socket.send(typeof event === "string" ? event : JSON.stringify(event));
  if (close !== undefined) socket.close(close);
}

const secret = (service: string, { secrets }: Behaviour) =>
  (service === "auth" ? secrets?.auth : secrets?.backend) ?? "one secret";

function signed(key: string): string {
  const claims = [{ alg: "HS256", typ: "JWT" }, { sub: "verification" }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${claims}.${createHmac("sha256", key).update(claims).digest("base64url")}`;
}

function isAllowed(service: string, { headers }: IncomingMessage, behaviour: Behaviour): boolean {
  return behaviour.isProtected === false || headers.authorization === `Bearer ${signed(secret(service, behaviour))}`;
}
