import { afterEach, beforeEach, expect, test } from "vitest";
import { Environment } from "./environment";
import { endState, followRecipe, repair, SMALL } from "./interrupted";

/* Google fails to make what it makes in the background: it stays under its name, and no state has its id. */

const TYPES: Readonly<Record<string, string>> = {
  "gcloud compute networks vpc-access connectors": "gcp:vpcaccess/connector:Connector",
  "gcloud redis instances": "gcp:redis/instance:Instance",
};

let environment: Environment;
beforeEach(async () => {
  environment = await Environment.ofStagingToInterrupt(SMALL);
  await environment.startPack();
  environment.cloud.faults = { kind: "broken", calls: "first-of-each" };
});
afterEach(() => environment?.remove());

const up = () => environment.npmRun(["up", "--yes", "--skip-preview"]);

/** Carries out the deletions that a text has. @returns what was deleted. */
function deleted(text: string): string[] {
  return [
    ...text.matchAll(/(gcloud [a-z -]+) delete (\S+) --region us-central1 --project netra-staging --quiet$/gm),
  ].flatMap(([, command = "", name = ""]) => {
    const type = TYPES[command] ?? "";
    const found = environment.cloud
      .ofType(type)
      .filter(({ properties }) => properties.name === name && properties.state === "ERROR");
    for (const { id } of found) environment.cloud.remove(type, id);
    return found.map(() => name);
  });
}

async function isWhole(): Promise<void> {
  const { pending, unmanaged, missing } = await endState(environment);
  expect({ pending, unmanaged, missing }).toEqual({ pending: [], unmanaged: [], missing: [] });
}

test("up says what to delete, and goes on once that is done", async () => {
  const gone: string[] = [];
  for (let ups = 1; ; ups++) {
    const { code, stdout, stderr } = await up();
    if (code === 0) break;
    expect(stderr, stdout).toMatch(
      /^('staging-(connector|redis)' was created but does not work, and its name is taken: .+ --quiet\n)+$/,
    );
    gone.push(...deleted(stderr));
    expect(ups).toBeLessThan(4);
  }
  expect(gone.toSorted()).toEqual(["staging-connector", "staging-redis"]);
  await isWhole();
});

test("whoever runs up again without reading is led to recover, which says how to ask and what to delete", async () => {
  const broken = (cloud = environment.cloud) =>
    Object.values(TYPES)
      .flatMap((type) => cloud.ofType(type))
      .filter(({ properties }) => properties.state === "ERROR");
  while (broken().length < 2) expect(await up()).toMatchObject({ code: 1 });
  const { code, stderr } = await up();
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^'staging-(connector|redis)' exists but is not in the stack's state\. If an earlier `up` created it: npm run --silent recover\./m,
  );
  const printed = await followRecipe(environment);
  expect(printed).toContain(
    "gcloud compute networks vpc-access connectors describe staging-connector --region us-central1 --project netra-staging --format 'value(state)'",
  );
  expect(deleted(printed).toSorted()).toEqual(["staging-connector", "staging-redis"]);
  await repair(environment, printed);
  expect(await up()).toMatchObject({ code: 0, stderr: "" });
  await isWhole();
});
