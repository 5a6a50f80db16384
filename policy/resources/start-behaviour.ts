import { MOST_JITTER, MOST_OF_ANYTHING, MOST_RETRY_FACTOR, MOST_SECONDS } from "../../capacity/bounds";
import type { CapacityPlan, RetryPolicy } from "../../capacity/plan";

/** How an application starts. A storm depends on it, and no property of a resource states it. */
export interface StartBehaviour {
  readonly bootSeconds: number;
  readonly startupQueryCpuMs: number;
  readonly retry: RetryPolicy;
}

const upTo = (maximum: number) => ({ type: "number", minimum: 0, maximum });

/** JSON Schema of {@link StartBehaviour}: the engine refuses a rule's configuration that leaves part of it out. */
export const startBehaviourSchema = {
  type: "object",
  additionalProperties: false,
  required: ["bootSeconds", "startupQueryCpuMs", "retry"],
  properties: {
    bootSeconds: upTo(MOST_SECONDS),
    startupQueryCpuMs: upTo(MOST_SECONDS * 1000),
    retry: {
      type: "object",
      additionalProperties: false,
      required: ["attempts", "baseSeconds", "factor", "capSeconds", "jitter"],
      properties: {
        attempts: { type: "integer", minimum: 1, maximum: MOST_OF_ANYTHING },
        baseSeconds: upTo(MOST_SECONDS),
        factor: { type: "number", minimum: 1, maximum: MOST_RETRY_FACTOR },
        capSeconds: upTo(MOST_SECONDS),
        jitter: upTo(MOST_JITTER),
      },
    },
  },
};

/**
 * From the incident's slowest service: its 7 s to the first connect doubled, queries of 100 ms, and the retries of its
 * code.
 */
export const neutralStart: StartBehaviour = {
  bootSeconds: 15,
  startupQueryCpuMs: 100,
  retry: { attempts: 5, baseSeconds: 2, factor: 2, capSeconds: 30, jitter: 0.5 },
};

/** How each service of a plan starts, by its Cloud Run name. Services without a database take part in no storm. */
export function plannedStarts({ services }: CapacityPlan): Readonly<Record<string, StartBehaviour>> {
  return Object.fromEntries(
    Object.values(services).flatMap(({ name, bootSeconds, database }) =>
      database ? [[name, { bootSeconds, startupQueryCpuMs: database.startupQueryCpuMs, retry: database.retry }]] : [],
    ),
  );
}
