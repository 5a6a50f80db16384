import { expect, test } from "vitest";
import { stagingConfiguration } from "../stack-settings";
import { Environment, UNMONITORED } from "./environment";

/* Google knows what was made a moment ago only later: new APIs, new log-based metrics. */

const RUN = "gcp:cloudrunv2/service:Service";
const LATE = ["gcp:monitoring/alertPolicy:AlertPolicy", "gcp:monitoring/slo:Slo"];
const APIS = "the APIs that were just enabled";
const METRICS = "the new log-based metrics";
const waits = (...whats: readonly string[]) =>
  whats.map((what, i) => `Google does not know ${what} yet: attempt ${i + 2} of 12 in 60 s\n`).join("");
const UP = ["up", "--yes", "--skip-preview"];

/** In which order services ended and alerts and objectives began, each run of the same once. */
const order = ({ cloud }: Environment) =>
  cloud
    .calls()
    .filter(
      ({ type, phase, error }) =>
        (type === RUN && phase === "end" && error === "") || (LATE.includes(type) && phase === "start"),
    )
    .map(({ type, name }) => (type === RUN ? name : "monitoring"))
    .filter((what, i, all) => what !== all[i - 1]);

test("an up from nothing in a slow project ends well by itself, and no alert comes between two services", async () => {
  const environment = await Environment.ofStaging();
  try {
    await environment.startPack();
    environment.cloud.isSlow = true;
    const { code, stdout, stderr } = await environment.npmRun(UP);
    expect(stderr, stdout).toBe(waits(APIS, APIS, METRICS));
    expect(code).toBe(0);
    expect(order(environment)).toEqual([
      "netra-auth-service",
      "netra-backend-staging",
      "netra-frontend-staging",
      "monitoring",
    ]);
    const again = await environment.npmRun(UP);
    expect(again).toMatchObject({ code: 0, stderr: "" });
    expect(again.stdout).toMatch(/Resources:\n {4}\d+ unchanged\n/);
  } finally {
    environment.remove();
  }
});

test("so does a later one that adds metrics, while services roll", async () => {
  const environment = await Environment.ofStagingThatIsUp(UNMONITORED);
  try {
    await environment.startPack();
    environment.cloud.isSlow = true;
    environment.cloud.forgetCalls();
    const changed = Object.fromEntries(
      ["auth", "backend", "frontend"].map((service) => [service, { environment: { LOG_LEVEL: "debug" } }]),
    );
    environment.configure(stagingConfiguration({ "netra:services": changed }));
    const { code, stdout, stderr } = await environment.npmRun(UP);
    expect(stderr, stdout).toBe(waits(METRICS));
    expect(code).toBe(0);
    expect(order(environment)).toEqual([
      "netra-auth-service",
      "netra-backend-staging",
      "netra-frontend-staging",
      "monitoring",
    ]);
  } finally {
    environment.remove();
  }
});

test("any other error ends at once, also beside one that would be waited for", async () => {
  const environment = await Environment.ofStaging(UNMONITORED);
  try {
    await environment.startPack();
    environment.cloud.isSlow = true;
    environment.cloud.faults = { kind: "fail", calls: [2] };
    const { code, stdout, stderr } = await environment.npmRun(UP);
    expect([code, stderr]).toEqual([1, ""]);
    expect(stdout).toContain("error: googleapi: Error 503: The service is currently unavailable., backendError");
  } finally {
    environment.remove();
  }
});
