import { setTimeout as wait } from "node:timers/promises";

/** What was found, what it means, and where to look. Never contains a token, a credential or an answer's body. */
export interface Finding {
  readonly found: string;
  readonly means: string;
  readonly lookAt: string;
}

interface UnprovenOptions {
  /** `open`: the answer is unknown. Default: `failed`. */
  readonly outcome?: "failed" | "open";
  /** Whether a retry may succeed. Default: no. */
  readonly isTransient?: boolean;
  /** Whether the verification may succeed although this step is open. Default: no. */
  readonly isTolerated?: boolean;
}

/** Thrown by a step's action that could not prove its claim. */
export class Unproven extends Error {
  constructor(
    readonly finding: Finding,
    readonly options: UnprovenOptions = {},
  ) {
    super(finding.found);
  }
}

/** A step as the report shows it. */
export interface Step {
  readonly name: string;
  /** `not-tried`: a step that it depends on is not proven. */
  readonly outcome: "proven" | "failed" | "open" | "not-tried";
  readonly found: string;
  readonly means?: string;
  readonly lookAt?: string;
  /** For open steps: the verification may succeed without the answer. */
  readonly isTolerated?: true;
  readonly attempts: number;
  readonly seconds: number;
}

/** The result of a step. Dependent steps use `value`; it is not reported, because it may be a token. */
export interface Result<T> {
  readonly step: Step;
  readonly proven?: { readonly value: T };
}

/** What a successful action returns. */
export interface Proof<T> {
  readonly found: string;
  readonly value: T;
}

export interface Patience {
  /** Timeout of one attempt. */
  readonly timeoutSeconds: number;
  /** Total attempts, including the first. */
  readonly attempts: number;
  /** First wait between attempts; doubles each time, up to {@link LONGEST_WAIT_SECONDS}. */
  readonly waitSeconds: number;
}

const LONGEST_WAIT_SECONDS = 10;

/**
 * Runs a step once the steps it depends on are proven. An action that throws a transient {@link Unproven} is retried;
 * its signal aborts at the attempt's timeout. Any other error is a bug and is rethrown.
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
      const { outcome = "failed", isTransient, isTolerated } = error.options;
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

/** The value of a proven dependency. */
export async function provenBy<T>(result: Promise<Result<T>>): Promise<T> {
  const { proven, step } = await result;
  if (!proven) throw new Error(`"${step.name}" is used by a step that does not name it among its needs`);
  return proven.value;
}

/** Doubles with each attempt. Half of it is random, so that concurrent steps do not retry at the same moment. */
const waitSeconds = (attempts: number, first: number) =>
  Math.min(LONGEST_WAIT_SECONDS, first * 2 ** (attempts - 1)) * (0.5 + Math.random() / 2);
