import { afterAll, beforeAll, expect, test } from "vitest";
import { stagingConfiguration } from "../stack-settings";
import { Environment } from "./environment";
import {
  EDIT,
  type EndState,
  endState,
  neverStruck,
  plainSecrets,
  recover,
  repair,
  SMALL,
  undisturbed,
} from "./interrupted";

/* The provider refuses, or dies: every call of the stack's creation and of an edit is struck once. */

let created: EndState;
let edited: EndState;
let environment: Environment;

beforeAll(async () => {
  [created, edited] = await undisturbed();
  environment = await Environment.ofStaging(SMALL);
});
afterAll(() => environment?.remove());

/** Runs `up` until it succeeds. @returns how each that failed ended. */
async function upUntilDone(between: () => Promise<void> = async () => undefined): Promise<string[]> {
  for (const failures: string[] = []; ; ) {
    // All that can be struck at once is, so that a few updates reach the end.
    const { code, stdout } = await environment.up("--parallel", "100", "--continue-on-error");
    if (code === 0) return failures;
    expect(code).toBe(1);
    failures.push(stdout);
    expect(failures.length, stdout).toBeLessThan(15);
    await between();
  }
}

test("a creation whose every call fails once: each update goes on where the last one stopped, and the last one reaches the same end", async () => {
  environment.cloud.faults = { kind: "fail", calls: "first-of-each" };
  const failures = await upUntilDone();
  expect(failures[0]).toContain("error: googleapi: Error 503: The service is currently unavailable., backendError");
  expect(neverStruck(environment)).toEqual([]);
  expect(await endState(environment)).toEqual(created);
});

test("an edit whose every call is rate-limited once: up again finishes it, and a further up changes nothing", async () => {
  environment.cloud.forgetCalls();
  environment.cloud.faults = { kind: "rate-limit", calls: "first-of-each" };
  environment.configure(stagingConfiguration(EDIT));
  const failures = await upUntilDone();
  expect(failures[0]).toContain("error: googleapi: Error 429: Quota exceeded, rateLimitExceeded");
  expect(neverStruck(environment)).toEqual([]);
  expect(await endState(environment)).toEqual(edited);
  expect((await environment.up()).stdout).toMatch(/Resources:\n {4}\d+ unchanged\n/);
});

async function recovered() {
  // Nothing to run where only updates were lost: `up` repeats them.
  expect(await repair(environment, await recover(environment))).toMatch(/^(npm run up -- --stack staging)?$/);
  expect(plainSecrets(environment, await environment.state())).toEqual([]);
}

test("the provider dies at every call of the creation, everything made and every answer lost: the recipe and up reach the same end", async () => {
  environment.remove();
  environment = await Environment.ofStagingToInterrupt(SMALL);
  environment.cloud.faults = { kind: "crash", calls: "first-of-each" };
  await upUntilDone(recovered);
  expect(neverStruck(environment)).toEqual([]);
  expect(await endState(environment)).toEqual(created);
});

test("the provider dies at every call of an edit", async () => {
  environment.configure(stagingConfiguration(EDIT));
  await upUntilDone(recovered);
  expect(neverStruck(environment)).toEqual([]);
  expect(await endState(environment)).toEqual(edited);
  expect((await environment.up()).stdout).toMatch(/Resources:\n {4}\d+ unchanged\n/);
});
