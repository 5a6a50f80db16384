import { APIS } from "../../config/apis";
import { ALERT_POLICY } from "../../config/resource-types";
import type { Failure } from "../../engine/engine-events";

/*
 * Google refuses for a while to use what it has just made. Only these refusals are waited for, a bounded number of
 * times:
 * every other error ends the update at once.
 */

interface Lag {
  /** What is waited for. */
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
    // Waiting does not enable one that the program does not enable.
    isMeant: ({ message }) => (APIS as readonly string[]).includes(DISABLED_API.exec(message)?.[1] ?? ""),
  },
];

/** What an update that failed waits for; `undefined`: an error is among its own that waiting does not mend. */
export function awaited(failures: readonly Failure[]): string | undefined {
  const lags = failures.map((failure) => LAGS.find(({ isMeant }) => isMeant(failure)));
  if (lags.length === 0 || lags.includes(undefined)) return undefined;
  return [...new Set(lags.map((lag) => lag?.what))].join(" and ");
}

/** More than ten minutes together: Google states up to ten for a metric, and "a few" for an API. */
export const ATTEMPTS = 12;
export const SECONDS_BETWEEN = 60;

/** How one attempt ended. */
export interface Attempt {
  readonly code: number;
  readonly failures: readonly Failure[];
}

/**
 * Runs an update until it succeeds, fails for good, or has failed {@link ATTEMPTS} times.
 * @param attempt runs it; `isFirst`: people have not been asked yet.
 * @param pause waits; whether to go on.
 * @param emit shows what is waited for.
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
