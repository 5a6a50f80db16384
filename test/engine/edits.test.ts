import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GuardVerdict, judge } from "../../commands/guard/judge";
import { PROJECT_ROOT } from "../../commands/shared/stack-file";
import { type Preview, readPreview } from "../../engine/preview";
import { type Changes, stagingConfiguration, stagingSettings } from "../stack-settings";
import { Environment } from "./environment";

/* What an edit of the stack file does: one at a time, from a stack that is up. The table is docs/edits.md. */

const connector = (changes: Changes): Changes => ({ "netra:connector": changes });
const database = (changes: Changes): Changes => ({ "netra:database": changes });
const backend = (changes: Changes): Changes => ({ "netra:services": { backend: changes } });

const edge = (changes: Changes): Changes => ({ "netra:edge": changes });
const CERTIFICATE = stagingSettings().edge?.certificates[0] ?? [];
const NEW_HOST = "new.staging.netrasystems.ai";
const withNewHost = (certificates: readonly (readonly string[])[]): Changes => ({
  "netra:hosts": { backend: ["api.staging.netrasystems.ai", NEW_HOST] },
  ...edge({ certificates }),
});

const edits: Readonly<Record<string, Changes>> = {
  "nothing at all": {},
  "connector: `minInstances` 3 -> 4": connector({ minInstances: 4 }),
  "connector: `maxInstances` 10 -> 9": connector({ maxInstances: 9 }),
  "connector: `machineType`": connector({ machineType: "e2-standard-4" }),
  "database: `maxConnections` 150 -> 160": database({ maxConnections: 160 }),
  "database: `tier`": database({ tier: "db-custom-2-7680" }),
  "database: `diskGb` 20 -> 30": database({ diskGb: 30 }),
  "database: `diskGb` 20 -> 10": database({ diskGb: 10 }),
  "database: `name`": database({ name: "staging-other-postgres" }),
  "network: `privateServicesCidr`": { "netra:network": { privateServicesCidr: "10.108.0.0/16" } },
  "edge: a new host on a certificate of its own": withNewHost([CERTIFICATE, [NEW_HOST]]),
  "edge: a new host on the certificate that is there": withNewHost([[...CERTIFICATE, NEW_HOST]]),
  "edge: `address`": edge({ address: "staging-other-ip" }),
  "edge: `requestsPerMinute` 600 -> 900": edge({ requestsPerMinute: 900 }),
  "edge: `logSampleRate` 1 -> 0.5": edge({ logSampleRate: 0.5 }),
  "edge: none": { "netra:edge": undefined },
  "a service's `name`": backend({ name: "netra-backend" }),
  "a secret's `rotation` and `version` 1 -> 2": { "netra:secrets": { JWT_SECRET_KEY: { rotation: 2, version: 2 } } },
  "a secret's `id`": { "netra:secrets": { JWT_SECRET_KEY: { id: "jwt-secret-other" } } },
  "a service's `environment`": backend({ environment: { LOG_LEVEL: "debug" } }),
  "a service's `image`": backend({ image: "us-central1-docker.pkg.dev/netra-staging/netra/backend:1.0.1" }),
  "a service's `probe`": backend({ probe: { failureThreshold: 13 } }),
  "a service's `maxInstances` 5 -> 4": backend({ maxInstances: 4 }),
  "a service's `poolSize` 3 -> 2": backend({ database: { poolSize: 2 } }),
};

let environment: Environment;
beforeAll(async () => {
  environment = await Environment.ofStagingThatIsUp();
});
afterAll(() => environment.remove());

test("what each edit does, and what guard reports", async () => {
  const lines: string[] = [];
  for (const [edit, changes] of Object.entries(edits)) {
    environment.configure(stagingConfiguration(changes));
    const { stdout } = await environment.preview("--json", "--show-sames");
    const preview = readPreview(stdout, "preview", "staging");
    const verdict = judge(preview);
    // What watches a host comes and goes with it.
    expect(
      preview.steps.filter(
        ({ type, op, name }) => MONITORING.test(type) && op !== "update" && !name.startsWith(NEW_HOST),
      ),
    ).toEqual([]);
    lines.push(`- **${edit}**: ${whatHappens(preview, verdict)}. \`guard\`: ${whatGuardSays(verdict)}.`);
  }
  await expect(`# What an edit does\n\n${INTRODUCTION}\n\n${lines.join("\n")}\n`).toMatchFileSnapshot(
    join(PROJECT_ROOT, "docs/edits.md"),
  );
});

const INTRODUCTION = [
  "Pulumi's engine previewed each edit alone on a deployed stack, and `npm run guard` judged it. The tests on the engine",
  "write this page (`npm run test:engine -- -u` updates it). Brackets show the effect on users of the environment:",
  "",
  "- *restart*: the resource is unavailable for a while",
  "- *connections*: open connections may end",
  "- *access*: a client cannot connect or call until it has the new secret or address",
  "- *new revision*: a new revision replaces the running one and opens the same number of connections beside it",
  "- *silence*: an alert or a channel is deleted, so nobody is notified",
  "",
  "The list omits random values, grants on secrets, alerts, objectives and the dashboard, which are updated in place.",
].join("\n");

test("what was previewed as an update is one: nothing else is made, replaced or deleted", async () => {
  const before = resources();
  environment.configure(
    stagingConfiguration({
      ...connector({ minInstances: 4, machineType: "e2-standard-4" }),
      ...database({ maxConnections: 160, diskGb: 30 }),
      ...backend({ image: "us-central1-docker.pkg.dev/netra-staging/netra/backend:1.0.1", database: { poolSize: 2 } }),
    }),
  );
  environment.cloud.forgetCalls();
  expect((await environment.up()).code).toBe(0);
  const changed = environment.cloud
    .calls()
    .filter(
      ({ phase, preview, method, type }) =>
        phase === "end" && !preview && ["create", "update", "delete"].includes(method) && !MONITORING.test(type),
    )
    .map(({ method, name, changes }) => `${method} ${name}: ${changes.join(", ")}`);
  expect(changed.toSorted()).toEqual([
    "update netra-backend-staging: template",
    "update netra-database-roles: runExecutionToken, template",
    "update staging-connector: machineType, minInstances",
    "update staging-shared-postgres: settings",
  ]);
  expect(resources()).toEqual(before);
});

const MONITORING = /^gcp:(monitoring|logging)\//;

/** Cloud Run's own revisions are nothing that the program declares. */
const resources = () => environment.cloud.all().flatMap(({ id }) => (id.includes("/revisions/") ? [] : [id]));
const LEFT_OUT = new RegExp(`^random:|IamMember$|${MONITORING.source}`);

/** Operations with the resources that undergo them, those with the same effects together. */
function whatHappens({ steps }: Preview, { announced }: GuardVerdict): string {
  const groups = new Map<string, string[]>();
  for (const { op, urn, type, name } of steps) {
    if (LEFT_OUT.test(type)) continue;
    const effects = announced
      .filter((other) => other.urn === urn && other.change !== "create")
      .map(({ effect }) => effect);
    const group = `${op}|${[...new Set(effects)].join(", ")}`;
    groups.set(group, [...(groups.get(group) ?? []), name]);
  }
  const texts = [...groups].toSorted().map(([group, names]) => {
    const [operation = "", effects = ""] = group.split("|");
    return `**${operation}** ${names.toSorted().join(", ")}${effects ? ` (${effects})` : ""}`;
  });
  return texts.join("; ") || "nothing";
}

function whatGuardSays({ ok, refused, announced }: GuardVerdict): string {
  const refusals = refused.map(({ change, resource }) => `${change} ${resource}`).join(", ");
  if (!ok) return `refuses: ${refusals}`;
  const told = [...new Set(announced.map(({ effect }) => effect))].toSorted().join(", ");
  return told ? `announces: ${told}` : "passes";
}
