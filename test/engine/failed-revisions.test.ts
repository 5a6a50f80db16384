import { afterAll, beforeAll, expect, test } from "vitest";
import { judge } from "../../commands/guard/judge";
import { readPreview } from "../../engine/preview";
import { type Changes, stagingConfiguration } from "../stack-settings";
import { Environment, UNMONITORED } from "./environment";

/* A revision that failed stays failed, whatever becomes of its cause, until its template changes. */

const RUN = "gcp:cloudrunv2/service:Service";
const VERSION = "gcp:secretmanager/secretVersion:SecretVersion";

let environment: Environment;
beforeAll(async () => {
  environment = await Environment.ofStagingThatIsUp(UNMONITORED);
  await environment.startPack();
});
afterAll(() => environment?.remove());

const configure = (services: Changes) =>
  environment.configure(stagingConfiguration({ ...UNMONITORED, "netra:services": services }));
const up = () => environment.npmRun(["up", "--yes", "--skip-preview"]);

/** A version of a secret that a person turns off or on again. */
function turn(enabled: boolean): void {
  for (const { id, properties } of environment.cloud.ofType(VERSION))
    if (id.includes("/openai-api-key-staging/") && properties.enabled !== enabled)
      environment.cloud.change(VERSION, id, (version) => (version.enabled = enabled));
}

/** The newest revision and the one that serves, by their numbers. */
function revisions(service: string): string[] {
  const properties =
    environment.cloud.ofType(RUN).find((resource) => resource.properties.name === service)?.properties ?? {};
  return [properties.latestCreatedRevision, properties.latestReadyRevision].map(
    (path) => /-0000(\d)-/.exec(String(path))?.[1] ?? "",
  );
}

const FAILED =
  "'netra-backend-staging' must run its newest revision because netra-backend-staging-00001-abc still serves the previous template: netra-backend-staging-00002-abc did not become ready (Revision 'netra-backend-staging-00002-abc' is not ready and cannot serve traffic. Secret projects/-/secrets/openai-api-key-staging/versions/1 was not found)\nAnother `up` creates no new revision of an unchanged template. Fix the cause, then: npm run redeploy -- backend && npm run up\n";
const CHANGED = { environment: { LOG_LEVEL: "debug" } };

test("up stops at the service that does not start, the one before goes on, and the output has the reason and the command", async () => {
  turn(false);
  configure({ backend: CHANGED, frontend: CHANGED });
  const { code, stderr } = await up();
  expect([code, stderr]).toEqual([1, FAILED]);
  expect([revisions("netra-backend-staging"), revisions("netra-frontend-staging")]).toEqual([
    ["2", "1"],
    ["1", "1"],
  ]);
});

test("mended, another up succeeds for the engine, makes no revision, and is no success", async () => {
  turn(true);
  for (let i = 0; i < 2; i++) expect(await up()).toMatchObject({ code: 1, stderr: FAILED });
  expect(revisions("netra-backend-staging")).toEqual(["2", "1"]);
});

test("redeployed, it starts; guard announces the revision", async () => {
  configure({ backend: { ...CHANGED, redeploy: 1 }, frontend: CHANGED });
  const { stdout } = await environment.preview("--json", "--show-sames");
  const { ok, announced } = judge(readPreview(stdout, "preview"));
  expect([ok, announced.map(({ resource, effect }) => [resource, effect])]).toEqual([
    true,
    [["netra-backend-staging", "new revision"]],
  ]);
  expect(await up()).toMatchObject({ code: 0, stderr: "" });
  expect(revisions("netra-backend-staging")).toEqual(["3", "3"]);
});
