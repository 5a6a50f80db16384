import { APIS } from "../../config/apis";
import { ALERT_POLICY } from "../../config/resource-types";
import type { Failure } from "../../engine/engine-events";

/*
 * For a while, Google rejects requests that use a resource or an API that it has just created or enabled. Only these
 * errors are retried, a limited number of times. Any other error ends the update at once.
 */

interface Lag {
  readonly what: string;
  readonly isMeant: (failure: Failure) => boolean;
}

/**
 * Source: GoogleCloudPlatform/cloud-ops-sandbox#896, hashicorp/terraform-provider-google#11102: "it could take up to 10
 * minutes".
 */
const NEW_METRIC =
  /The metric referenced by the provided filter is unknown|Cannot find metric that matches type = \\?"logging\.googleapis\.com\/user\//;

/**
 * The API's name stands in the address under which it can be enabled. Source: registry documentation of
 * gcp.projects.Service 9.37, and Google's error.
 */
const DISABLED_API =
  /API has not been used in project \S+ before or it is disabled\.[\s\S]*?\/apis\/api\/([a-z]+)\.googleapis\.com/;

const LAGS: readonly Lag[] = [
  {
    what: "the new log-based metrics",
    isMeant: ({ type, message }) => [ALERT_POLICY, "gcp:monitoring/slo:Slo"].includes(type) && NEW_METRIC.test(message),
  },
  {
    what: "the APIs that were just enabled",
    // An API that the program does not enable stays disabled.
    isMeant: ({ message }) => (APIS as readonly string[]).includes(DISABLED_API.exec(message)?.[1] ?? ""),
  },
];

/** What a failed update must wait for; `undefined` if waiting does not resolve all of its errors. */
export function awaited(failures: readonly Failure[]): string | undefined {
  const lags = failures.map((failure) => LAGS.find(({ isMeant }) => isMeant(failure)));
  if (lags.length === 0 || lags.includes(undefined)) return undefined;
  return [...new Set(lags.map((lag) => lag?.what))].join(" and ");
}

/** Together more than ten minutes: Google states up to ten for a metric and "a few" for an API. */
export const ATTEMPTS = 12;
export const SECONDS_BETWEEN = 60;

/** How one attempt ended. */
export interface Attempt {
  readonly code: number;
  readonly failures: readonly Failure[];
}

/**
 * Runs an update until it succeeds, fails for good, or has failed {@link ATTEMPTS} times.
 * @param attempt runs the update; `isFirst`: nobody has confirmed it yet.
 * @param pause waits; `false` ends the attempts.
 */
export async function patiently(
  attempt: (isFirst: boolean) => Promise<Attempt>,
  pause: (seconds: number) => Promise<boolean>,
  emit: (line: string) => void,
): Promise<Attempt> {
  for (let number = 1; ; number++) {
    const ended = await attempt(number === 1);
    const what = ended.code === 0 ? undefined : awaited(ended.failures);
    if (what === undefined || number === ATTEMPTS) return ended;
    emit(`Google does not know ${what} yet: attempt ${number + 1} of ${ATTEMPTS} in ${SECONDS_BETWEEN} s`);
    if (!(await pause(SECONDS_BETWEEN))) return ended;
  }
}
