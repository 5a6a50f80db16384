import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type Announcement, judge } from "../../commands/guard/judge";
import { type Preview, readPreview } from "../../engine/preview";
import { UNKNOWN } from "../../policy/framework/unknown";
import { staging } from "../../stack";
import type { Cloud, Resource } from "../cloud/cloud";
import { legacySecrets, putLegacyEnvironment } from "../cloud/legacy";
import { brokenRevisions } from "../cloud/revisions";
import { fencedBlocks } from "../fenced-blocks";
import { type Changes, stagingConfiguration, stagingSettings } from "../stack-settings";
import { Environment, PACK } from "./environment";

const REDIS = "gcp:redis/instance:Instance";
const SQL = "gcp:sql/databaseInstance:DatabaseInstance";
const VERSION = "gcp:secretmanager/secretVersion:SecretVersion";
const SERVICES = ["netra-auth-service", "netra-backend-staging", "netra-frontend-staging"];

const secrets = Object.entries(stagingSettings().secrets);
/** What of the program exists, as the recipe lists it. */
const [recipe = ""] = fencedBlocks("docs/adoption.md", "yaml");
// refused by the program where it is anything else
const { "netra:adopt": listed } = parse(recipe) as { "netra:adopt": Readonly<Record<string, string>> };
/**
 * The number that the version services mount will have: a new one for what the stack generates, else the newest there
 * is.
 */
const versions: Changes = Object.fromEntries(
  secrets.map(([variable, { id, rotation }]) => [
    variable,
    { version: (legacySecrets[id] ?? 0) + (rotation === undefined ? 0 : 1) },
  ]),
);
const configured = (adopt?: Readonly<Record<string, string>>) =>
  stagingConfiguration({ "netra:secrets": versions, "netra:adopt": adopt });

async function legacy(): Promise<Environment> {
  const environment = await Environment.of(async () => ({ ...staging() }), configured(listed));
  putLegacyEnvironment(environment.cloud);
  return environment;
}

const keyOf = ({ type, id }: Resource) => `${type} ${id}`;
const inCloud = (cloud: Cloud) => new Map(cloud.all().map((resource) => [keyOf(resource), resource.properties]));
const changesOf = (cloud: Cloud) =>
  cloud
    .calls()
    .filter(
      ({ provider, phase, method }) =>
        provider === "gcp" && phase === "end" && ["create", "update", "delete"].includes(method),
    );

/** What the cloud must hold: the inputs of a preview, whatever it could not know or show yet left open. */
function promised(value: unknown): unknown {
  if (value === UNKNOWN || value === "[secret]") return expect.anything();
  if (Array.isArray(value)) return value.map(promised);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (key === "__defaults" ? [] : [[key, promised(inner)]])),
  );
}

describe("an environment whose resources are all listed", () => {
  let environment: Environment;
  let before: Map<string, Resource["properties"]>;
  let preview: Preview;
  let upOutput = "";

  beforeAll(async () => {
    environment = await legacy();
    before = inCloud(environment.cloud);
    const { code, stdout, stderr } = await environment.preview("--json", "--policy-pack", PACK);
    expect(code, stderr).toBe(0);
    preview = readPreview(stdout, "preview.json", "staging");
  });
  afterAll(() => environment.remove());

  test("previews imports, updates, and creates of nothing that exists", () => {
    expect(Object.keys(preview.changes).toSorted()).toEqual(["create", "import", "update"]);
    const of = (op: string) => preview.steps.filter((step) => step.op === op && step.type.startsWith("gcp:"));
    const namesOf = (op: string) => of(op).map(({ name }) => name);
    expect(namesOf("import").toSorted()).toEqual(Object.keys(listed).toSorted());
    // The load balancer is made beside today's, which the program does not know; of monitoring, with its APIs, there
    // was nothing, nor of the job.
    const made = new Set(
      of("create").flatMap(({ type }) =>
        /^gcp:(compute|monitoring|logging|projects)\//.test(type) ? [] : type.split(":").at(-1),
      ),
    );
    expect([...made].toSorted()).toEqual(["Account", "Job", "Secret", "SecretIamMember", "SecretVersion", "User"]);
    // These are already what the plan wants.
    expect(Object.keys(listed).filter((name) => !namesOf("update").includes(name))).toEqual([
      "staging-private-ip-address",
      "staging-vpc-services",
      "netra_staging",
    ]);
  });

  test("does not know yet what an update brings: the private address that the instance gets", () => {
    const backend = preview.steps.find(({ name, op }) => name === "netra-backend-staging" && op === "update");
    expect(JSON.stringify(backend?.new?.inputs)).toContain(`{"name":"POSTGRES_HOST","value":"${UNKNOWN}"}`);
  });

  test("is let through by guard, which announces all that interrupts service", () => {
    const { ok, refused, announced } = judge(preview);
    expect({ ok, refused }).toEqual({ ok: true, refused: [] });
    const said = (part: Partial<Announcement>) =>
      announced.filter((announcement) =>
        Object.entries(part).every(([key, value]) => Reflect.get(announcement, key) === value),
      );
    const changes = (resource: string, effect: Announcement["effect"]) =>
      said({ resource, effect })
        .map(({ change }) => change)
        .join("; ");
    for (const change of [
      "tier db-g1-small -> db-custom-1-3840",
      "databaseFlags[max_connections] 100 -> 150",
      "privateNetwork not set ->",
    ])
      expect(changes("staging-shared-postgres", "restart")).toContain(change);
    expect(changes("staging-shared-postgres", "access")).toContain("ipv4Enabled true -> false");
    expect(changes("staging-redis", "access")).toBe("authEnabled false -> true");
    for (const name of SERVICES) {
      expect(changes(name, "access")).toBe(
        "template.vpcAccess.egress ALL_TRAFFIC -> PRIVATE_RANGES_ONLY; ingress INGRESS_TRAFFIC_ALL -> INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
      );
      expect(said({ resource: name, effect: "new revision" })).toHaveLength(1);
    }
    // The secret of the job is new, and so is all of it.
    const owned = secrets.flatMap(([, { id, rotation }]) =>
      rotation === undefined || !(id in listed) ? [] : [`${id}-r1`],
    );
    expect(
      said({ type: VERSION })
        .map(({ resource }) => resource)
        .toSorted(),
    ).toEqual(owned.toSorted());
    // docs/adoption.md lists them for the operator: nothing else interrupts.
    expect([...new Set(announced.map(({ type }) => type.split(":").at(-1)))].toSorted()).toEqual([
      "DatabaseInstance",
      "Instance",
      "SecretVersion",
      "Service",
    ]);
  });

  describe("after `up`", () => {
    beforeAll(async () => {
      const { code, stdout } = await environment.up("--policy-pack", PACK);
      expect(code, stdout).toBe(0);
      upOutput = stdout;
    });

    test("the cloud is what the preview promised", () => {
      const { cloud } = environment;
      const promises = new Map(preview.steps.map((step) => [step.urn, step])); // the update of an import comes after it
      for (const { name, type, new: state } of promises.values()) {
        if (!type.startsWith("gcp:")) continue;
        const inputs = promised(state?.inputs);
        const id = listed[name];
        const found = id !== undefined && cloud.find(type, id) ? [cloud.find(type, id)] : cloud.ofType(type);
        // inputs are an object
        expect(found.map((resource) => resource?.properties)).toContainEqual(expect.objectContaining(inputs as object));
      }
      expect(cloud.find(SQL, "staging-shared-postgres")?.properties).toMatchObject({
        settings: {
          tier: "db-custom-1-3840",
          databaseFlags: expect.arrayContaining([{ name: "max_connections", value: "150" }]),
          ipConfiguration: { ipv4Enabled: false, privateNetwork: listed["staging-vpc"], sslMode: "ENCRYPTED_ONLY" },
        },
        privateIpAddress: "10.107.0.3",
        publicIpAddress: "",
      });
      expect(cloud.find(REDIS, listed["staging-redis"] ?? "")?.properties).toMatchObject({
        authEnabled: true,
        effectiveReservedIpRange: "10.166.204.80/29",
      });
      expect(brokenRevisions(cloud)).toEqual([]);
    });

    test("nothing was made twice or lost, and what the program does not name is untouched", () => {
      const after = inCloud(environment.cloud);
      const calls = changesOf(environment.cloud);
      expect(
        calls.filter(
          ({ method, type, id }) => method === "delete" || (method === "create" && before.has(`${type} ${id}`)),
        ),
      ).toEqual([]);
      expect([...before.keys()].filter((key) => !after.has(key))).toEqual([]);
      const touched = new Set(calls.map(({ type, id }) => `${type} ${id}`));
      const untouched = [...before.keys()].filter((key) => !touched.has(key));
      for (const key of untouched) expect(after.get(key), key).toEqual(before.get(key));
      // The data: the database, every value of every secret, and secrets and users of which the program knows nothing.
      for (const [key] of before)
        if (/sql\/(database:|user)|secretVersion|(postgres|redis)-(host|port)-staging/.test(key))
          expect(untouched).toContain(key);
    });

    test("the database's public address closed before the services moved, one after another", () => {
      const updates = changesOf(environment.cloud).filter(
        ({ type, method }) => method === "update" && [SQL, "gcp:cloudrunv2/service:Service"].includes(type),
      );
      expect(updates.map(({ name }) => name)).toEqual(["staging-shared-postgres", ...SERVICES]);
    });

    test("from the new database password on, an old revision could not start again until its service rolled, and none was broken otherwise", () => {
      const calls = changesOf(environment.cloud);
      const fault = (service: string) => `${service}: the password is not that of database user postgres`;
      const position = (name: string, type: string) =>
        calls.findIndex((call) => call.name === name && call.type === type);
      const written = position("postgres-password-staging-r1", VERSION);
      for (const [i, { broken }] of calls.entries())
        expect(broken).toEqual(
          ["netra-auth-service", "netra-backend-staging"]
            .filter((name) => i >= written && i < position(name, "gcp:cloudrunv2/service:Service"))
            .map(fault),
        );
    });

    test("Redis keeps the range that the provider cannot read back, and the operator was warned", async () => {
      expect(upOutput).toContain("'staging-redis' is imported without reservedIpRange because");
      const { deployment } = JSON.parse(await environment.state());
      const state = deployment.resources.find(({ type }: { readonly type: string }) => type === REDIS);
      expect(state.inputs).not.toHaveProperty("reservedIpRange");
      expect(state.outputs).toMatchObject({ effectiveReservedIpRange: "10.166.204.80/29" });
    });

    test("another range in the stack file changes nothing, and the preview warns of it", async () => {
      environment.configure({
        ...configured(),
        "netra:cache": { ...stagingSettings().cache, reservedIpRange: "10.166.204.88/29" },
      });
      const { stdout } = await environment.preview("--json");
      const changed = readPreview(stdout, "preview.json", "staging");
      expect(changed.steps.filter(({ type }) => type.startsWith("gcp:"))).toEqual([]);
      const [warning] = judge(changed).warnings;
      expect(warning).toContain("'netra:cache.reservedIpRange' (10.166.204.88/29) must be 10.166.204.80/29 because");
    });

    test("`up` without the list changes nothing", async () => {
      environment.configure(configured());
      environment.cloud.forgetCalls();
      const { code, stdout, stderr } = await environment.up("--expect-no-changes");
      expect(code, stdout + stderr).toBe(0);
      expect(changesOf(environment.cloud)).toEqual([]);
    });
  });
});

describe("a list that does not fit the cloud", () => {
  let environment: Environment;
  const redis = (): Resource => {
    const found = environment.cloud.find(REDIS, listed["staging-redis"] ?? "");
    if (!found) throw new Error("Redis is gone");
    return found;
  };

  beforeAll(async () => {
    environment = await legacy();
  });
  afterAll(() => environment.remove());

  test("guard refuses what could only be replaced, and reports which setting to write as the cloud has it", async () => {
    environment.cloud.change(REDIS, redis().id, (properties) =>
      Object.assign(properties, { connectMode: "PRIVATE_SERVICE_ACCESS" }),
    );
    const { stdout } = await environment.preview("--json");
    environment.cloud.change(REDIS, redis().id, (properties) =>
      Object.assign(properties, { connectMode: "DIRECT_PEERING" }),
    );
    const { refused } = judge(readPreview(stdout, "preview.json", "staging"));
    expect(refused.map(({ resource, change }) => [resource, change])).toEqual([["staging-redis", "replace"]]);
    expect(refused[0]?.message).toContain("connectMode");
  });

  test("a listed resource that does not exist stops the preview with its id", async () => {
    const existing = redis();
    environment.cloud.remove(existing.type, existing.id);
    const { code, stdout } = await environment.preview();
    environment.cloud.put(existing);
    expect(code).not.toBe(0);
    expect(stdout).toContain(`resource '${existing.id}' does not exist`);
  });

  test("a resource that was forgotten stops `up` with Google's 409; listed, the next `up` finishes", async () => {
    const { "staging-redis": forgotten = "", ...others } = listed;
    environment.configure(configured(others));
    const stopped = await environment.up();
    expect(stopped.code).not.toBe(0);
    expect(stopped.stdout).toContain(`Error 409: ${forgotten} already exists`);
    // Nothing that serves has moved: the services wait for all of it.
    expect(changesOf(environment.cloud).filter(({ type }) => type === "gcp:cloudrunv2/service:Service")).toEqual([]);

    environment.configure(configured(listed));
    const finished = await environment.up();
    expect(finished.code, finished.stdout).toBe(0);
    expect(redis().properties).toMatchObject({ authEnabled: true });
    expect(brokenRevisions(environment.cloud)).toEqual([]);
  });
});
