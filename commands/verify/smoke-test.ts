import type { Settings } from "../../config/schema";
import { certificate } from "./certificate";
import type { Contract } from "./contract";
import { ask, isSuccess, isTransient, statusFinding } from "./http";
import { cloudMonitoring, type Monitoring, startupSuccess } from "./startups";
import { type Patience, type Proof, provenBy, type Result, type Step, tried, Unproven } from "./step";
import { acceptedToken, issuedToken } from "./token";
import { eventsInOrder, upgraded } from "./web-socket";

/*
 * The smoke test: what a client does, from outside. `contract.ts` reads hosts and contract, `step.ts` runs steps with
 * retries and dependencies, the other files hold one step each.
 */

export interface VerificationTarget {
  readonly contract: Contract;
  readonly settings: Pick<Settings, "project" | "region" | "targets"> & {
    readonly services: Readonly<Record<string, Pick<Settings["services"][string], "name" | "probe" | "liveness">>>;
  };
}

/** The environment that verifies. */
export interface Outside {
  /** Environment variables; those that the contract names hold credentials. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Certificate authorities (PEM) to trust instead of Node's own. */
  readonly ca?: string;
  /** Default: Cloud Monitoring with application default credentials. */
  readonly monitoring?: Monitoring;
}

export interface Verification {
  /** Whether every step is proven or tolerated. */
  readonly ok: boolean;
  readonly steps: readonly Step[];
}

/** Verifies hosts, token, agent and starts from outside. Independent steps run concurrently. */
export async function verify(
  { contract, settings }: VerificationTarget,
  { variables, ca, monitoring = cloudMonitoring }: Outside,
): Promise<Verification> {
  const { hosts, issue, accept, webSocket, limits } = contract;
  const patience: Patience = {
    timeoutSeconds: limits.requestSeconds,
    attempts: limits.attempts,
    waitSeconds: limits.waitSeconds,
  };
  const hostResults = Object.entries(hosts).flatMap(([service, origins]) =>
    origins.map((origin) => hostSteps(service, origin)),
  );
  /** Tokens and agents' messages are sent to the first host of each service. */
  const healthOf = (service: string) => hostResults.find((host) => host.service === service)?.health ?? [];
  const urlOf = (service: string, path: string) => new URL(path, hosts[service]?.[0]);

  function hostSteps(service: string, origin: URL) {
    const certified = tried(`certificate of ${origin.host}`, [], patience, (signal) =>
      certificate(origin, limits.certificateDays, { signal, ca }),
    );
    const health = healthPaths(settings.services[service]).map((path) => {
      const url = new URL(path, origin);
      return tried(`GET ${url.href}`, [certified], patience, (signal) => healthy(url, service, { signal, ca }));
    });
    return { service, health, steps: [certified, ...health] };
  }

  const token = tried(`token issued by ${issue.service}`, healthOf(issue.service), patience, (signal) =>
    issuedToken(urlOf(issue.service, issue.path), issue, variables, { signal, ca }),
  );
  const accepted = Object.entries(accept).map(([service, path]) => ({
    service,
    result: tried(`token accepted by ${service}`, [token, ...healthOf(service)], patience, async (signal) =>
      acceptedToken(urlOf(service, path), await provenBy(token), service, issue.service, { signal, ca }),
    ),
  }));
  const acceptedThere = accepted.flatMap(({ service, result }) => (service === webSocket.service ? [result] : []));
  const socketUrl = urlOf(webSocket.service, webSocket.path);
  socketUrl.protocol = "wss:";
  const socket = tried(
    `upgrade of ${socketUrl.href}`,
    [token, ...acceptedThere, ...healthOf(webSocket.service)],
    patience,
    async (signal) => upgraded(socketUrl, await provenBy(token), webSocket.service, { signal, ca }),
  );
  // No retry: a second message would start a second agent.
  const once: Patience = { timeoutSeconds: limits.eventsSeconds, attempts: 1, waitSeconds: 0 };
  const events = tried("agent events in order", [socket], once, async (signal) =>
    eventsInOrder(await provenBy(socket), webSocket, signal),
  );
  const services = Object.values(settings.services).map(({ name }) => name);
  const starts = tried("start-up success", [], patience, (signal) =>
    startupSuccess(
      { ...settings, services, targetPercent: settings.targets.startupSuccessPercent },
      monitoring,
      signal,
    ),
  );

  const results: readonly Promise<Result<unknown>>[] = [
    ...hostResults.flatMap(({ steps }) => steps),
    token,
    ...accepted.map(({ result }) => result),
    socket,
    events,
    starts,
  ];
  const steps = (await Promise.all(results)).map(({ step }) => step);
  return { ok: steps.every(({ outcome, isTolerated }) => outcome === "proven" || isTolerated), steps };
}

/** The distinct paths of Cloud Run's probes. */
const healthPaths = (service: VerificationTarget["settings"]["services"][string] | undefined): readonly string[] =>
  service ? [...new Set([service.probe.path, service.liveness.path])] : [];

async function healthy(url: URL, service: string, reach: Parameters<typeof ask>[2]): Promise<Proof<undefined>> {
  const answer = await ask(url, {}, reach);
  if (isSuccess(answer)) return { found: `answered ${answer.status}`, value: undefined };
  throw new Unproven(statusFinding(answer.status, service), { isTransient: isTransient(answer.status) });
}
