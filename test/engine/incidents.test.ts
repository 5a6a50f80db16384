import { afterAll, beforeAll, expect, test } from "vitest";
import { outage } from "../fixtures/incidents";
import { stagingConfiguration } from "../stack-settings";
import { type Ended, Environment, PACK } from "./environment";

let environment: Environment;
beforeAll(async () => {
  environment = await Environment.ofStaging();
});
afterAll(() => environment?.remove());

function expectRefused({ code, stdout, stderr }: Ended, says: readonly string[]): void {
  const printed = stdout + stderr;
  for (const text of ["The capacity plan is refused, nothing was registered:", ...says])
    expect(printed).toContain(text);
  expect(printed).not.toMatch(/^\s*at .+:\d+/m);
  expect(code).toBe(1);
  expect(environment.cloud.calls()).toEqual([]);
}

/* Every fault at once. Each of the incidents alone: test/stack.test.ts, in the tests' own process. */

const SAYS = [
  "'netra:database.maxConnections' (100) must cover 2324 connections with 0.8 of its slots (it covers 80)",
  "set 'netra:database.tier' to db-custom-1-3840",
];

test("the outage fails an update before anything is registered", async () => {
  environment.configure(stagingConfiguration(outage));
  expectRefused(await environment.up(), SAYS);
});

test("fails a preview in the same way", async () => {
  expectRefused(await environment.preview(), SAYS);
});

test("fails with the pack as well, which is not reached", async () => {
  const ended = await environment.preview("--policy-pack", PACK);
  expectRefused(ended, []);
  expect(ended.stdout).not.toContain("[mandatory]");
});

test("leaves neither a resource in the state nor one more in the cloud", async () => {
  // the engine's own format
  const { deployment } = JSON.parse(await environment.state()) as { deployment: { resources?: { type: string }[] } };
  expect((deployment.resources ?? []).map(({ type }) => type)).toEqual(["pulumi:pulumi:Stack"]);
  const people = ["gcp:secretmanager/secretVersion:SecretVersion"]; // have added the values of their secrets
  expect(environment.cloud.all().filter(({ type }) => !people.includes(type))).toEqual([]);
});
