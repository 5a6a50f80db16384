import { describe, expect, test } from "vitest";
import { ATTEMPTS, type Attempt, awaited, patiently, SECONDS_BETWEEN } from "../../../commands/up/patience";
import type { Failure } from "../../../engine/engine-events";

const failure = (type: string, message: string): Failure => ({
  urn: `urn:pulumi:staging::netra::${type}::x`,
  type,
  name: "x",
  message,
});
const ALERT = "gcp:monitoring/alertPolicy:AlertPolicy";
const SLO = "gcp:monitoring/slo:Slo";
const disabled = (api: string) =>
  `1 error occurred:\n\t* Error creating Network: googleapi: Error 403: Some API has not been used in project 123 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/${api}.googleapis.com/overview?project=123 then retry.`;
const NEW_ALERT_METRIC = failure(
  ALERT,
  'sdk-v2/provider2.go:572: sdk.helper_schema: Error creating AlertPolicy: googleapi: Error 404: Cannot find metric that matches type = "logging.googleapis.com/user/container-exit". If a metric was created recently, it could take up to 10 minutes to become available.',
);
const NEW_SLO_METRIC = failure(
  SLO,
  "Error creating Slo: googleapi: Error 400: Invalid SLO definition: The metric referenced by the provided filter is unknown.",
);
const NEW_API = failure("gcp:compute/network:Network", disabled("compute"));

describe("what is waited for", () => {
  test("metrics and APIs that Google does not know yet, together or alone", () => {
    expect(awaited([NEW_ALERT_METRIC, NEW_SLO_METRIC])).toBe("the new log-based metrics");
    expect(awaited([NEW_API])).toBe("the APIs that were just enabled");
    expect(awaited([NEW_API, NEW_SLO_METRIC])).toBe("the APIs that were just enabled and the new log-based metrics");
  });

  test.each([
    ["another error beside it", [NEW_ALERT_METRIC, failure("gcp:cloudrunv2/service:Service", "Error code 9")]],
    ["an API that the program does not enable", [failure("gcp:x/y:Z", disabled("container"))]],
    [
      "a metric of Google's that is misspelt",
      [failure(ALERT, 'Cannot find metric that matches type = "run.googleapis.com/nope".')],
    ],
    ["the same words of another resource", [failure("gcp:monitoring/dashboard:Dashboard", NEW_ALERT_METRIC.message)]],
    ["an update that failed without a word", []],
  ])("is not: %s", (_, failures) => {
    expect(awaited(failures)).toBeUndefined();
  });
});

/** Plays attempts that end as listed, the last one for ever. @returns how it ended, and what was done in what order. */
async function played(ends: readonly Attempt[], goesOn: () => boolean = () => true) {
  const done: string[] = [];
  let count = 0;
  const ended = await patiently(
    async (isFirst) => {
      done.push(isFirst ? "first" : "again");
      return ends[Math.min(count++, ends.length - 1)] ?? { code: 0, failures: [] };
    },
    async (seconds) => {
      done.push(`${seconds} s`);
      return goesOn();
    },
    (line) => done.push(line),
  );
  return { ended, done };
}

describe("an update", () => {
  const late: Attempt = { code: 255, failures: [NEW_ALERT_METRIC] };
  const good: Attempt = { code: 0, failures: [] };
  const wait = (number: number) => [
    `Google does not know the new log-based metrics yet: attempt ${number} of ${ATTEMPTS} in ${SECONDS_BETWEEN} s`,
    `${SECONDS_BETWEEN} s`,
    "again",
  ];

  test("goes on until Google knows, and shows each wait", async () => {
    expect(await played([late, late, good])).toEqual({ ended: good, done: ["first", ...wait(2), ...wait(3)] });
  });

  test("runs once where it succeeds, and where it fails for good", async () => {
    for (const end of [good, { code: 255, failures: [NEW_ALERT_METRIC, failure("", "passphrase")] }])
      expect(await played([end])).toEqual({ ended: end, done: ["first"] });
  });

  test("gives up after more than ten minutes", async () => {
    const { ended, done } = await played([late]);
    expect(ended).toEqual(late);
    expect(done.filter((step) => step === "again")).toHaveLength(ATTEMPTS - 1);
    expect((ATTEMPTS - 1) * SECONDS_BETWEEN).toBeGreaterThan(600);
  });

  test("ends as it is when it is interrupted while it waits", async () => {
    const { ended, done } = await played([late], () => false);
    expect([ended, done.at(-1)]).toEqual([late, `${SECONDS_BETWEEN} s`]);
  });
});
