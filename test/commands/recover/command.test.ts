import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Recovery, recovery } from "../../../commands/recover/recovery";
import { readSettings } from "../../../config/read";
import { evaluate, type RegisteredResource } from "../../../engine/evaluate";
import { readExport } from "../../../engine/stack-export";
import { configurationOfRun, declare } from "../../../stack";
import { stagingConfiguration, stagingSettings } from "../../stack-settings";
import { stackCommand } from "../child";

/* What an interrupted update leaves behind, from an exported state. On the real engine: test/engine/recovery.test.ts, faults.test.ts. */

let program: readonly RegisteredResource[];
let directory = "";

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "netra-recover-test-"));
  program = await evaluate("staging", stagingConfiguration(), () => declare(readSettings(configurationOfRun())));
});
afterAll(() => rmSync(directory, { recursive: true }));

const PROVIDER = "urn:pulumi:staging::netra::pulumi:providers:gcp::default_9_37_0";

interface State {
  readonly urn: string;
  readonly type: string;
}

const inState = (registered: readonly RegisteredResource[]) => [
  { urn: PROVIDER, type: "pulumi:providers:gcp", id: "an-id" },
  ...registered.map(({ urn, type, custom }) => ({ urn, type, custom, ...(custom ? { id: `id of ${urn}` } : {}) })),
];

function exported(
  resources: readonly State[],
  operations: readonly { readonly resource: State; readonly type: string }[] = [],
) {
  return JSON.stringify({
    version: 3,
    deployment: { manifest: { time: "now" }, resources, pending_operations: operations },
  });
}

const recovered = (content: string, changes = {}): Recovery =>
  recovery(readExport(content, "export.json", "staging"), stagingSettings(changes), program);
const named = (name: string) => program.filter((registered) => registered.name === name && registered.custom);
const creating = (registered: readonly RegisteredResource[]) =>
  registered.map(({ urn, type }) => ({ resource: { urn, type }, type: "creating" }));
const components = () => program.filter(({ custom }) => !custom);

test("every resource of the program is either known by its id or made again without harm", () => {
  const all = program.filter(({ custom }) => custom);
  const { pending, recreated, serverAssignedIds, unknown, interrupted, repaired } = recovered(
    exported(inState(components()), creating(all)),
  );
  expect([...pending, ...recreated, ...serverAssignedIds]).toHaveLength(all.length);
  expect([...new Set(serverAssignedIds.map(({ type }) => type.split(":").at(-1)))].toSorted()).toEqual([
    "AlertPolicy",
    "Dashboard",
    "NotificationChannel",
    "UptimeCheckConfig",
  ]);
  expect(pending).toEqual(
    expect.arrayContaining([
      { type: "gcp:logging/metric:Metric", name: "netra-container_exit_3", id: "netra/container_exit_3" },
      {
        type: "gcp:monitoring/slo:Slo",
        name: "latency",
        id: "projects/netra-staging/services/netra/serviceLevelObjectives/latency",
      },
    ]),
  );
  expect([unknown, interrupted]).toEqual([[], []]);
  expect([...new Set(recreated.map(({ type }) => type))].toSorted()).toEqual([
    "gcp:secretmanager/secretIamMember:SecretIamMember",
    "gcp:sql/user:User",
    "random:index/randomPassword:RandomPassword",
  ]);
  expect(pending.find(({ type }) => type.endsWith(":SecretVersion"))?.id).toMatch(
    /^projects\/netra-staging\/secrets\/[a-z0-9-]+\/versions\/1$/,
  );
  const { resources, pending_operations: operations } = repaired.deployment;
  expect(operations).toEqual([]);
  expect(resources.slice(-pending.length)).toEqual(
    pending.map(({ type, name, id }) => ({
      urn: named(name).find((one) => one.type === type)?.urn,
      type,
      id,
      outputs: {},
    })),
  );
});

test("each rotation has the version that the settings expect of it", () => {
  const changes = { "netra:secrets": { JWT_SECRET_KEY: { version: 7, rotation: 3 } } };
  const [urn, type] = [
    "urn:pulumi:staging::netra::netra:staging:Secrets$gcp:secretmanager/secretVersion:SecretVersion::jwt-secret-staging-r",
    "gcp:secretmanager/secretVersion:SecretVersion",
  ];
  const operations = [1, 2, 3].map((rotation) => ({ resource: { urn: `${urn}${rotation}`, type }, type: "creating" }));
  expect(recovered(exported([], operations), changes).pending.map(({ id }) => id)).toEqual(
    [5, 6, 7].map((version) => `projects/netra-staging/secrets/jwt-secret-staging/versions/${version}`),
  );
});

test("what is not in the state may exist where all that it waits for does, and is looked up with its parent, provider and protection", () => {
  const apis = program.filter(({ name }) => name.startsWith("api-"));
  const { unknown, repaired } = recovered(exported(inState([...components(), ...apis])));
  expect([...new Set(unknown.map(({ type }) => type))].toSorted()).toEqual([
    "gcp:compute/globalAddress:GlobalAddress",
    "gcp:compute/managedSslCertificate:ManagedSslCertificate",
    "gcp:compute/network:Network",
    "gcp:compute/sSLPolicy:SSLPolicy",
    "gcp:compute/securityPolicy:SecurityPolicy",
    "gcp:compute/uRLMap:URLMap",
    "gcp:logging/metric:Metric",
    "gcp:secretmanager/secret:Secret",
    "gcp:serviceaccount/account:Account",
  ]);
  expect(repaired.deployment.resources.find(({ urn }) => urn.endsWith("::staging-vpc"))).toMatchObject({
    id: "projects/netra-staging/global/networks/staging-vpc",
    custom: true,
    parent: "urn:pulumi:staging::netra::netra:staging:Network::network",
    provider: `${PROVIDER}::an-id`,
    protect: true,
    inputs: {},
    outputs: {},
  });
});

test("an alert may have been made under an id that nobody knows: it is named, and goes neither into the state nor stays pending", () => {
  const alerts = named("connector-cpu");
  const lost = recovered(exported(inState(program.filter(({ name }) => name !== "connector-cpu"))));
  const killed = recovered(exported(inState(program.filter(({ name }) => name !== "connector-cpu")), creating(alerts)));
  for (const { serverAssignedIds, pending, unknown, repaired } of [lost, killed]) {
    expect(serverAssignedIds).toEqual([
      { type: "gcp:monitoring/alertPolicy:AlertPolicy", name: "connector-cpu", id: "" },
    ]);
    expect([pending, unknown, repaired.deployment.pending_operations]).toEqual([[], [], []]);
    expect(repaired.deployment.resources.map(({ urn }) => urn)).not.toContain(alerts[0]?.urn);
  }
});

test("updates and deletes that were interrupted are left to the refresh", () => {
  const [connector] = named("staging-connector");
  const resource = { urn: connector?.urn ?? "", type: connector?.type ?? "", id: "an id" };
  const { interrupted, repaired } = recovered(exported(inState(program), [{ resource, type: "updating" }]));
  expect(interrupted).toEqual([{ type: "gcp:vpcaccess/connector:Connector", name: "staging-connector", id: "an id" }]);
  expect(repaired.deployment.pending_operations).toEqual([{ resource, type: "updating" }]);
});

test("refuses, all at once, a create that the settings no longer describe and a replacement", () => {
  const urn = "urn:pulumi:staging::netra::netra:staging:Secrets$gcp:secretmanager/secret:Secret::old-secret";
  const operations = [
    ...creating(named("staging-connector")),
    { resource: { urn, type: "gcp:secretmanager/secret:Secret" }, type: "creating" },
  ];
  expect(() => recovered(exported(inState(program), operations))).toThrow(
    `'staging-connector' must be checked by hand because its replacement was interrupted and both the old and the new one may exist; delete the new one at Google, then run pulumi refresh --clear-pending-creates
'old-secret' must still be in the stack file because its creation was interrupted and its id is derived from the settings; restore the settings, run recover, then change them again`,
  );
});

describe("the command", () => {
  const recover = stackCommand("recover");
  const file = (name: string, content: string) => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  };

  test("prints the commands in order, and writes the state to import where only its user can read it", async () => {
    const { code, stdout, stderr } = await recover(
      file(
        "pending.json",
        exported(inState(program.filter(({ name }) => name !== "staging-redis")), creating(named("staging-redis"))),
      ),
    );
    expect([code, stderr]).toEqual([0, ""]);
    const [, repaired = ""] = /--file (\S+)/.exec(stdout) ?? [];
    expect(stdout).toBe(`# Creation interrupted; the refresh keeps those that exist:
#   gcp:redis/instance:Instance staging-redis: projects/netra-staging/locations/us-central1/instances/staging-redis
# Google creates these in the background, which can fail: check the state of each before the refresh, and delete those that failed:
#   gcloud redis instances describe staging-redis --region us-central1 --project netra-staging --format 'value(state)'
#     if it is ERROR: gcloud redis instances delete staging-redis --region us-central1 --project netra-staging --quiet
# First make sure that nobody is updating the stack: the first command removes the lock.
pulumi cancel staging --yes
pulumi stack import --stack staging --file ${repaired}
pulumi refresh --stack staging --yes --skip-preview
npm run up -- --stack staging
`);
    const { version, deployment } = JSON.parse(readFileSync(repaired, "utf8"));
    expect([version, deployment.manifest, deployment.resources.at(-1).id]).toEqual([
      3,
      { time: "now" },
      "projects/netra-staging/locations/us-central1/instances/staging-redis",
    ]);
    rmSync(join(repaired, ".."), { recursive: true });
  });

  test("reports it where nothing is pending", async () => {
    const { code, stdout, stderr } = await recover(file("whole.json", exported(inState(program))));
    expect([code, stderr]).toEqual([0, ""]);
    expect(
      stdout,
    ).toBe(`# staging has no pending operations, and its state lacks no resource that may exist: continue with npm run up.
# If it reports that the stack is locked although nobody is updating it: pulumi cancel staging --yes
`);
  });

  test("bad input: exit 2 and one line", async () => {
    const noExport = file("no-export.json", "{}");
    const other = file(
      "other.json",
      exported([
        { urn: "urn:pulumi:production::netra::pulumi:pulumi:Stack::netra-production", type: "pulumi:pulumi:Stack" },
      ]),
    );
    vi.stubEnv("PATH", directory);
    const without = await recover();
    vi.unstubAllEnvs();
    expect([without.code, without.stdout, without.stderr]).toEqual([
      2,
      "",
      "'pulumi' must be on the PATH because previews and updates run its engine; install Pulumi 3.252 or newer (pulumi.com/docs/install) and put it on the PATH\n",
    ]);
    const [missing, unreadable, foreign] = await Promise.all([
      recover("nowhere.json"),
      recover(noExport),
      recover(other),
    ]);
    expect([missing.code, missing.stdout, missing.stderr]).toEqual([
      2,
      "",
      "'nowhere.json' must be a file that can be read because it holds the exported state; give the path of a pulumi stack export\n",
    ]);
    expect([unreadable.code, unreadable.stdout, unreadable.stderr]).toEqual([
      2,
      "",
      `'${noExport}' must be an exported state because it lists the pending operations; write it with pulumi stack export --stack staging\n`,
    ]);
    expect([foreign.code, foreign.stdout, foreign.stderr]).toEqual([
      2,
      "",
      `'${other}' must be of the stack staging because the program is evaluated for that stack, and this state holds urn:pulumi:production::netra::pulumi:pulumi:Stack::netra-production; write it with pulumi stack export --stack staging\n`,
    ]);
  });

  test("a name with the end of a line stays in its comment", async () => {
    const resource = { urn: "urn:pulumi:staging::netra::a:b:C::one\ntouch x", type: "a:b:C", id: "two\ntouch y" };
    const state = file("lines.json", exported(inState(program), [{ resource, type: "updating" }]));
    const { code, stdout } = await recover(state);
    expect(code).toBe(0);
    expect(stdout).toContain("\n#   a:b:C one touch x: two touch y\n");
    const [, repaired = ""] = /--file (\S+)/.exec(stdout) ?? [];
    rmSync(join(repaired, ".."), { recursive: true });
  });

  test("a temporary folder that cannot be written", async () => {
    const missing = join(directory, "missing");
    const state = file("state.json", exported(inState(components())));
    vi.stubEnv("TMPDIR", missing);
    const { code, stdout, stderr } = await recover(state);
    vi.unstubAllEnvs();
    expect([code, stdout, stderr]).toEqual([
      2,
      "",
      `'TMPDIR' (${missing}) must be a folder that can be written because the repaired state goes there (ENOENT); set it to another one\n`,
    ]);
  });
});
