import { afterAll, beforeAll, expect, test } from "vitest";
import type { Properties } from "../cloud/cloud";
import { Environment } from "./environment";

const LOOK_FOR_DRIFT = ["refresh", "--preview-only", "--expect-no-changes", "--json"];

let environment: Environment;
beforeAll(async () => {
  environment = await Environment.ofStagingThatIsUp();
});
afterAll(() => environment?.remove());

/**
 * The steps of a refresh that would change the state: the resource, and the properties that the cloud has otherwise.
 */
function drifted(stdout: string): unknown {
  const { steps } = JSON.parse(stdout) as {
    steps: readonly { op: string; urn: string; detailedDiff: Readonly<Record<string, { kind: string }>> | null }[];
  };
  return steps
    .filter(({ op }) => op !== "refresh" && op !== "same")
    .map(({ op, urn, detailedDiff }) => ({
      op,
      name: urn.split("::").at(-1),
      changes: Object.fromEntries(Object.entries(detailedDiff ?? {}).map(([property, { kind }]) => [property, kind])),
    }))
    .toSorted((one, other) => (String(one.name) < String(other.name) ? -1 : 1));
}

test("an untouched stack has not drifted", async () => {
  const { code, stdout } = await environment.run(LOOK_FOR_DRIFT);
  expect(code).toBe(0);
  expect(Object.keys(JSON.parse(stdout).changeSummary)).toEqual(["same"]);
});

test("what was changed by hand is found, by resource and property, and nothing is touched", async () => {
  change("gcp:sql/databaseInstance:DatabaseInstance", "staging-shared-postgres", ({ settings }) => {
    for (const flag of (settings as { databaseFlags: Properties[] }).databaseFlags)
      if (flag.name === "max_connections") flag.value = "50";
  });
  change("gcp:secretmanager/secretVersion:SecretVersion", "jwt-secret-staging/versions/1", (version) =>
    Object.assign(version, { enabled: false }),
  );
  change("gcp:cloudrunv2/service:Service", "netra-auth-service", ({ template }) => {
    // What Cloud Run puts in the place of a probe that is removed.
    for (const container of (template as { containers: Properties[] }).containers)
      container.startupProbe = {
        tcpSocket: { port: 8080 },
        timeoutSeconds: 240,
        periodSeconds: 240,
        failureThreshold: 1,
      };
  });
  const before = { state: await environment.state(), cloud: environment.cloud.all() };

  const { code, stdout, stderr } = await environment.run(LOOK_FOR_DRIFT);
  expect(code).toBe(7);
  expect(stderr).toContain("error: no changes were expected for refresh but changes were proposed");
  const probe = "template.containers[0].startupProbe";
  expect(drifted(stdout)).toEqual([
    { op: "update", name: "jwt-secret-staging-r1", changes: { enabled: "update" } },
    {
      op: "update",
      name: "netra-auth-service",
      changes: {
        "template.annotations": "delete", // the provider's own, which every difference of a service shows
        [`${probe}.failureThreshold`]: "update",
        [`${probe}.httpGet`]: "delete",
        [`${probe}.initialDelaySeconds`]: "delete",
        [`${probe}.periodSeconds`]: "update",
        [`${probe}.timeoutSeconds`]: "update",
      },
    },
    { op: "update", name: "staging-shared-postgres", changes: { "settings.databaseFlags[0].value": "update" } },
  ]);
  expect({ state: await environment.state(), cloud: environment.cloud.all() }).toEqual(before);
});

function change(type: string, endOfId: string, edit: (properties: Properties) => void): void {
  const [found] = environment.cloud.ofType(type).filter(({ id }) => id.endsWith(endOfId));
  environment.cloud.change(type, found?.id ?? "", edit);
}
