import { WebSocket } from "ws";
import type { Contract } from "./contract";
import { connectionFinding, isTransient, type Reach, statusFinding } from "./http";
import { type Finding, type Proof, Unproven } from "./step";
import { bearer } from "./token";

/** The events of an agent's answer, in order. Other events may come between, and each may repeat. */
const AGENT_EVENTS = [
  "agent_started",
  "agent_thinking",
  "tool_executing",
  "tool_completed",
  "agent_completed",
] as const;

/** Proves the upgrade with the token. The caller closes the connection. @throws Unproven */
export function upgraded(url: URL, token: string, service: string, { signal, ca }: Reach): Promise<Proof<WebSocket>> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, {
      headers: bearer(token),
      followRedirects: false,
      ...(ca === undefined ? {} : { ca }),
    });
    let isDecided = false;
    const end = (finding: Finding, transient: boolean) => {
      if (isDecided) return;
      isDecided = true;
      reject(new Unproven(finding, { isTransient: transient }));
      socket.terminate();
    };
    signal.addEventListener("abort", () => end(NO_UPGRADE, true), { once: true });
    socket.on("unexpected-response", (_, { statusCode = 0 }) =>
      end(upgradeFinding(statusCode, service), isTransient(statusCode)),
    );
    // This listener stays: an unhandled error event would end the process.
    socket.on("error", (error) => end(connectionFinding(error, url.hostname), true));
    socket.once("open", () => {
      isDecided = true;
      resolve({ found: "answered 101", value: socket });
    });
  });
}

/**
 * Sends the contract's message and proves that the agent's events arrive in order. Closes the connection.
 * @throws Unproven
 */
export async function eventsInOrder(
  socket: WebSocket,
  { message, eventField, service }: Contract["webSocket"],
  signal: AbortSignal,
): Promise<Proof<undefined>> {
  const came: string[] = [];
  try {
    const ending = await new Promise<string | undefined>((resolve) => {
      signal.addEventListener("abort", () => resolve("before the timeout"), { once: true });
      if (socket.readyState !== WebSocket.OPEN) resolve("before the connection was closed");
      socket.once("close", (code) => resolve(`before the connection was closed (${code})`));
      socket.on("message", (data) => {
        const event = eventIn(String(data), eventField);
        if (event !== undefined && !came.includes(event)) came.push(event);
        if (event === AGENT_EVENTS.at(-1)) resolve(undefined);
      });
      // if the connection has just closed, its close event reports that
      socket.send(JSON.stringify(message), () => undefined);
    });
    if (came.join() === AGENT_EVENTS.join()) return { found: came.join(", "), value: undefined };
    throw new Unproven(eventsFinding(came, ending, service));
  } finally {
    socket.terminate();
  }
}

function eventIn(text: string, field: string): string | undefined {
  try {
    const object: unknown = JSON.parse(text);
    const event: unknown = object !== null && typeof object === "object" ? Reflect.get(object, field) : undefined;
    return AGENT_EVENTS.find((name) => name === event);
  } catch {
    return undefined; // for example, an answer to a ping
  }
}

function eventsFinding(came: readonly string[], ending: string | undefined, service: string): Finding {
  const missing = AGENT_EVENTS.filter((event) => !came.includes(event));
  const seen = came.length > 0 ? came.join(", ") : "no event";
  const log = `the log of ${service} for the agent's run`;
  if (ending !== undefined)
    return {
      found: `${seen} came ${ending}; missing: ${missing.join(", ")}`,
      means:
        came.length > 0
          ? "the agent started but did not complete: it hangs at the next step, or its instance died"
          : "no agent started: the message does not start one, or nothing takes it from the queue",
      lookAt: `${log}; ${came.length > 0 ? "a tool or model call without an answer" : "'webSocket.message' and 'webSocket.eventField' in the hosts file"}`,
    };
  if (missing.length > 0)
    return {
      found: `${seen} came; missing: ${missing.join(", ")}`,
      means: "the agent completed without events that clients show: it used no tool, or the events are not sent",
      lookAt: `${log}; whether 'webSocket.message' in the hosts file needs a tool`,
    };
  return {
    found: `the events came as ${seen}`,
    means: "clients would show steps in the wrong order: several senders share one connection without ordering",
    lookAt: `how ${service} sends events to one connection`,
  };
}

const NO_UPGRADE: Finding = {
  found: "no upgrade before the timeout",
  means:
    "the application accepts the request but does not answer: its WebSocket part never started, or waits for the database",
  lookAt: "the service's log for the WEBSOCKET phase of its start",
};

function upgradeFinding(status: number, service: string): Finding {
  if (isTransient(status)) return statusFinding(status, service);
  const found = `answered ${status} instead of 101`;
  if (status === 401 || status === 403)
    return {
      found,
      means: "the token is refused although a protected endpoint accepts it: the WebSocket path checks it differently",
      lookAt: `how ${service} reads the Authorization header of an upgrade`,
    };
  return {
    found,
    means: "there is no WebSocket at this path, or a proxy drops the Upgrade header",
    lookAt: `'webSocket.path' in the hosts file; the URL map; that ${service} is not served over end-to-end HTTP/2`,
  };
}
