import { afterAll, beforeAll, expect, test } from "vitest";
import { versionsOf } from "../cloud/kinds";
import { stagingConfiguration } from "../stack-settings";
import { Environment } from "./environment";
import {
  EDIT,
  type EndState,
  endState,
  followRecipe,
  neverStruck,
  RECIPE,
  recover,
  repair,
  SMALL,
  undisturbed,
  upKilled,
} from "./interrupted";

/* The CLI is killed with SIGKILL while calls run. Every call of the stack's creation and of an edit loses its answer once. */

let created: EndState;
let edited: EndState;
let environment: Environment;

beforeAll(async () => {
  [created, edited] = await undisturbed();
  environment = await Environment.ofStagingToInterrupt(SMALL);
});
afterAll(() => environment?.remove());

const UNCHANGED = /Resources:\n {4}\d+ unchanged\n/;

/** Runs `up`, killed whenever all calls that run hang, until one gets through; the recipe in between. */
async function upUntilDone(): Promise<void> {
  for (let kills = 0; ; kills++) {
    const { code, stdout } = await upKilled(environment);
    if (code !== null) {
      expect(code, stdout).toBe(0);
      expect(kills).toBeGreaterThan(2);
      return;
    }
    if (kills === 0) {
      const locked = await environment.up();
      expect(locked.code).toBe(1);
      expect(locked.stderr).toContain("error: the stack is currently locked by 1 lock(s).");
    }
    expect(await repair(environment, await recover(environment))).toBe("npm run up -- --stack staging");
    expect(kills, stdout).toBeLessThan(15);
  }
}

test("the recipe is one command", () => {
  expect(RECIPE).toEqual(["npm run --silent recover"]);
});

test("killed at every call of the creation, everything made and every answer lost: the recipe and up reach the same end", async () => {
  environment.cloud.faults = { kind: "lost", calls: "first-of-each" };
  await upUntilDone();
  expect(neverStruck(environment)).toEqual([]);
  expect(await endState(environment)).toEqual(created);
});

test("killed at every call of an edit", async () => {
  environment.configure(stagingConfiguration(EDIT));
  await upUntilDone();
  expect(neverStruck(environment)).toEqual([]);
  expect(await endState(environment)).toEqual(edited);
});

test("killed before anything was made: the same recipe, and nothing is taken for made", async () => {
  environment.configure(
    stagingConfiguration({
      ...EDIT,
      "netra:services": { ...EDIT["netra:services"], frontend: {} },
      "netra:secrets": { ...EDIT["netra:secrets"], REDIS_PASSWORD: { version: 2, rotation: 2 } },
    }),
  );
  environment.cloud.faults = { kind: "stuck", calls: "first-of-each" };
  const { code, stdout } = await upKilled(environment);
  expect(code, stdout).toBeNull();
  environment.cloud.faults = undefined;
  const printed = await followRecipe(environment);
  const [, name = ""] = /^pulumi stack import --stack staging --file (\S+)$/m.exec(printed) ?? [];
  expect(printed.replace(name, "FILE")).toBe(`# Creation interrupted; the refresh keeps those that exist:
#   gcp:secretmanager/secretVersion:SecretVersion redis-password-staging-r2: projects/netra-staging/secrets/redis-password-staging/versions/2
#   gcp:serviceaccount/account:Account netra-frontend: projects/netra-staging/serviceAccounts/netra-frontend@netra-staging.iam.gserviceaccount.com
# If somebody else added the version of that number, stop and correct 'version' in netra:secrets first:
#   version 2: gcloud secrets versions list redis-password-staging --project netra-staging
# First make sure that nobody is updating the stack: the first command removes the lock.
pulumi cancel staging --yes
pulumi stack import --stack staging --file FILE
pulumi refresh --stack staging --yes --skip-preview
npm run up -- --stack staging
`);
  await repair(environment, printed);
  expect((await environment.up()).code).toBe(0);
  expect(versionsOf(environment.cloud, "redis-password-staging").map(({ properties }) => properties.enabled)).toEqual([
    false,
    true,
  ]);
  const { pending, unmanaged, missing } = await endState(environment);
  // The first version left the program with its rotation, disabled.
  expect({ pending, unmanaged, missing }).toEqual({
    pending: [],
    unmanaged: [
      "gcp:secretmanager/secretVersion:SecretVersion projects/123456789012/secrets/redis-password-staging/versions/1",
    ],
    missing: [],
  });
  expect((await environment.up()).stdout).toMatch(UNCHANGED);
  expect(
    await recover(environment),
  ).toBe(`# staging has no pending operations, and its state lacks no resource that may exist: continue with npm run up.
# If it reports that the stack is locked although nobody is updating it: pulumi cancel staging --yes
`);
});
