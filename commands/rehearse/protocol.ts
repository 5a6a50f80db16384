import type { Span, StartGroup } from "../../capacity/storm/model";
import type { RelayBehaviour } from "./relay";

/* The messages between the rehearsal and its child processes. */

/** How a client reaches the server: everything `pg` needs but the port, which may be a relay's. */
export interface Access {
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** The self-signed certificate (PEM), the clients' only authority. */
  readonly certificate: string;
}

/** The database user of a service's starts; the prefix keeps it apart from the server's own users. */
export const userOf = (service: string): string => `service-${service}`;

export type RelayOrder =
  /** Stop the server in this folder if the rehearsal is killed. */
  | { readonly kind: "guard"; readonly folder: string }
  | { readonly kind: "set"; readonly target: number; readonly behaviour: RelayBehaviour }
  | { readonly kind: "cpu" };

export type RelayAnswer =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "guarding" }
  | { readonly kind: "set" }
  /** CPU time since the process began. */
  | { readonly kind: "cpu"; readonly seconds: number };

export type ClientOrder =
  | { readonly kind: "reach"; readonly access: Access; readonly port: number }
  /** `count` connects in sequence; those that succeed stay open. */
  | { readonly kind: "connect"; readonly count: number }
  /** A connect that stops after this step. `tls` continues after `dial`, and `close` ends it. */
  | { readonly kind: "step"; readonly to: "dial" | "tls" }
  | { readonly kind: "close" }
  /** One start for each listed group. All begin at this time of the common clock. */
  | {
      readonly kind: "storm";
      readonly groups: readonly StartGroup[];
      readonly restartSeconds: Span;
      readonly rowsPerCpuMs: number;
      readonly beginsAt: number;
    }
  | { readonly kind: "end" };

export type ClientAnswer =
  | { readonly kind: "listening" }
  | { readonly kind: "reached" }
  /** Duration and client CPU of each connect, and the error codes of those that failed. */
  | {
      readonly kind: "connected";
      readonly seconds: readonly number[];
      readonly cpuSeconds: readonly number[];
      readonly codes: readonly string[];
    }
  /** Client CPU of the step. */
  | { readonly kind: "stepped"; readonly cpuSeconds: number }
  | { readonly kind: "closed" }
  /** Sent when the first try of all its starts has ended. */
  | { readonly kind: "decided"; readonly outcomes: readonly StartOutcome[] }
  | { readonly kind: "ended"; readonly errors: ErrorCounts };

/** How a first try ended. */
export type StartOutcome =
  /** From container start to ready. */
  { readonly readySeconds: number } | { readonly failedBy: Failure };

export type Failure = "attempts" | "initTimeout" | "probeWindow";

/** By SQLSTATE, system error, or `timeout`. */
export type ErrorCounts = Readonly<Record<string, number>>;

/** Seconds on the clock that all processes of a machine share. */
export const clockSeconds = (): number => (performance.timeOrigin + performance.now()) / 1000;

/** CPU time that this process has used. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

export function sumOf(counts: readonly ErrorCounts[]): ErrorCounts {
  const sum: Record<string, number> = {};
  for (const errors of counts) for (const [code, count] of Object.entries(errors)) sum[code] = (sum[code] ?? 0) + count;
  return sum;
}
