import { setTimeout as wait } from "node:timers/promises";

/**
 * What was found instead of the proof, what that means, and where to look. Never holds a token, a credential or an
 * answer's body.
 */
export interface Finding {
  readonly found: string;
  readonly means: string;
  readonly lookAt: string;
}

/** How a step that is not proven ended. */
interface Ending {
  /** `open`: nobody answered the question, so the answer is unknown. Default: `failed`. */
  readonly outcome?: "failed" | "open";
  /** Whether the next attempt may go better. Default: no. */
  readonly isTransient?: boolean;
  /** Whether the run may be sound although this question stays open. Default: no. */
  readonly isTolerated?: boolean;
}

/** Thrown by a step's action: what it was to prove is not proven. */
export class Unproven extends Error {
  constructor(
    readonly finding: Finding,
    readonly ending: Ending = {},
  ) {
    super(finding.found);
  }
}

/** A step as the report shows it. */
export interface Step {
  readonly name: string;
  /** `not-tried`: a step that it needs is not proven. */
  readonly outcome: "proven" | "failed" | "open" | "not-tried";
  readonly found: string;
  readonly means?: string;
  readonly lookAt?: string;
  /** Only of an open step: the run may be sound without the answer. */
  readonly isTolerated?: true;
  readonly attempts: number;
  readonly seconds: number;
}

/**
 * A step's end. `value` is what steps that need this one work with; it is no part of the report, because it may be a
 * token.
 */
export interface Result<T> {
  readonly step: Step;
  readonly proven?: { readonly value: T };
}

/** What an action returns when it has its proof. */
export interface Proof<T> {
  readonly found: string;
  readonly value: T;
}

/** How patient a step is. */
export interface Patience {
  /** One attempt's time-out. */
  readonly timeoutSeconds: number;
  /** Attempts in all, the first included. */
  readonly attempts: number;
  /** The first wait between two attempts; each further one is twice as long, up to {@link LONGEST_WAIT_SECONDS}. */
  readonly waitSeconds: number;
}

const LONGEST_WAIT_SECONDS = 10;

/**
 * Tries a step once all that it needs is proven. An action that throws {@link Unproven} is tried again where that is
 * transient;
 * its signal aborts when the attempt's time is over. Any other error is a bug and is thrown on.
 */
export async function tried<T>(
  name: string,
  needs: readonly Promise<Result<unknown>>[],
  patience: Patience,
  action: (signal: AbortSignal) => Promise<Proof<T>>,
): Promise<Result<T>> {
  const missing = (await Promise.all(needs)).find(({ proven }) => !proven);
  if (missing)
    return {
      step: {
        name,
        outcome: "not-tried",
        found: `needs "${missing.step.name}", which is not proven`,
        attempts: 0,
        seconds: 0,
      },
    };
  const began = performance.now();
  for (let attempts = 1; ; attempts++) {
    const ended = (): Pick<Step, "name" | "attempts" | "seconds"> => ({
      name,
      attempts,
      seconds: Math.round(performance.now() - began) / 1000,
    });
    try {
      const { found, value } = await action(AbortSignal.timeout(patience.timeoutSeconds * 1000));
      return { step: { ...ended(), outcome: "proven", found }, proven: { value } };
    } catch (error) {
      if (!(error instanceof Unproven)) throw error;
      const { outcome = "failed", isTransient, isTolerated } = error.ending;
      if (!isTransient || attempts >= patience.attempts)
        return {
          step: {
            ...ended(),
            outcome,
            ...error.finding,
            ...(outcome === "open" && isTolerated ? { isTolerated } : {}),
          },
        };
    }
    await wait(waitSeconds(attempts, patience.waitSeconds) * 1000);
  }
}

/** The value of a step that the asking one needs. */
export async function provenBy<T>(result: Promise<Result<T>>): Promise<T> {
  const { proven, step } = await result;
  if (!proven) throw new Error(`"${step.name}" is used by a step that does not name it among its needs`);
  return proven.value;
}

/**
 * Doubles with each attempt. Half of it is left to chance, so that several who wait for one restart do not come back
 * together.
 */
const waitSeconds = (attempts: number, first: number) =>
  Math.min(LONGEST_WAIT_SECONDS, first * 2 ** (attempts - 1)) * (0.5 + Math.random() / 2);
