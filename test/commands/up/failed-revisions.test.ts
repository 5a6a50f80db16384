import { expect, test } from "vitest";
import { failedRevisionLines, failedRevisions } from "../../../commands/up/failed-revisions";
import { readExport } from "../../../engine/stack-export";

const SERVICE = "gcp:cloudrunv2/service:Service";
const revision = (service: string, number: number) =>
  `projects/p/locations/l/services/${service}/revisions/${service}-0000${number}-abc`;

/** A state with one service for each entry, as the provider writes it. */
const stateWith = (...services: readonly (readonly [key: string, name: string, outputs: object])[]) =>
  readExport(
    JSON.stringify({
      version: 3,
      deployment: {
        resources: services.map(([key, name, outputs]) => ({
          urn: `urn:pulumi:staging::netra::netra:staging:Service$${SERVICE}::${name}`,
          parent: `urn:pulumi:staging::netra::netra:staging:Service::${key}`,
          type: SERVICE,
          custom: true,
          id: `projects/p/locations/l/services/${name}`,
          outputs,
        })),
      },
    }),
    "state",
    "staging",
  );

test("names revisions that did not become ready, what serves, and the one command", () => {
  const failed = failedRevisions(
    stateWith(
      [
        "auth",
        "netra-auth-service",
        {
          latestCreatedRevision: revision("a", 2),
          latestReadyRevision: revision("a", 1),
          terminalConditions: [{ message: "no\nmore" }],
        },
      ],
      [
        "frontend",
        "netra-frontend",
        { latestCreatedRevision: revision("f", 1), latestReadyRevision: revision("f", 1) },
      ],
      ["backend", "netra-backend", { latestCreatedRevision: revision("b", 1), latestReadyRevision: "" }],
    ),
  );
  expect(failedRevisionLines(failed)).toEqual([
    "'netra-auth-service' must run its newest revision because a-00001-abc still serves the previous template: a-00002-abc did not become ready (no)",
    "'netra-backend' must run its newest revision because no other revision serves: b-00001-abc did not become ready",
    "Another `up` creates no new revision of an unchanged template. Fix the cause, then: npm run redeploy -- auth backend && npm run up",
  ]);
});

test("reports nothing of services that serve their newest revision, or of which the state shows none", () => {
  const outputs = { latestCreatedRevision: revision("f", 1), latestReadyRevision: revision("f", 1) };
  expect(failedRevisionLines(failedRevisions(stateWith(["f", "f", outputs], ["g", "g", {}])))).toEqual([]);
});
