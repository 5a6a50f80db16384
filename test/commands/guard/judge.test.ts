import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lossesByType, operations } from "../../../commands/guard/destructive-changes";
import { guardText } from "../../../commands/guard/format";
import { type GuardVerdict, judge } from "../../../commands/guard/judge";
import { rolesVariables } from "../../../components/database-roles/job";
import {
  ADDRESS,
  ALERT_POLICY,
  CONNECTOR,
  GLOBAL_ADDRESS,
  HTTPS_PROXY,
  MANAGED_CERTIFICATE,
  NETWORK,
  REDIS,
  RUN_SERVICE,
  SECRET_IAM_MEMBER,
  SECRET_VERSION,
  SQL_INSTANCE,
  SQL_USER,
  SUBNETWORK,
  URL_MAP,
} from "../../../config/resource-types";
import { readPreview } from "../../../engine/preview";
import { UNKNOWN } from "../../../policy/framework/unknown";
import { digest, stream, type TestPreview, type TestStep, urnOf } from "./previews";

/** The verdict, which both formats must give. */
function verdictOn(preview: TestPreview): GuardVerdict {
  const verdict = judge(readPreview(digest(preview), "digest", "staging"));
  expect(judge(readPreview(stream(preview), "stream", "staging"))).toEqual(verdict);
  return verdict;
}
const on = (...steps: readonly TestStep[]) => verdictOn({ steps });

const SECRET = "gcp:secretmanager/secret:Secret";
const refusedTypes = Object.entries(lossesByType).filter(([, { verdict }]) => verdict === "refuse");

describe("destructive changes", () => {
  test("the types that are protected", () => {
    expect(refusedTypes.map(([type, { what }]) => `${type.split(":").at(-1)}: ${what}`)).toEqual([
      "Network: VPC",
      "Subnetwork: subnet",
      "GlobalAddress: private services range",
      "Connection: private services connection",
      "Connector: VPC connector",
      "DatabaseInstance: database instance",
      "Database: database",
      "Instance: cache",
      "Secret: secret",
      "RegionalSecret: secret",
      "SecretVersion: only version of a secret",
      "RegionalSecretVersion: only version of a secret",
      "ManagedSslCertificate: certificate",
      "GlobalForwardingRule: entry point",
      "ForwardingRule: entry point",
      "TargetHttpsProxy: entry point",
      "RegionTargetHttpsProxy: entry point",
      "URLMap: entry point",
      "RegionUrlMap: entry point",
      "Service: Cloud Run service",
      "Service: Cloud Run service",
      "Account: service account",
    ]);
  });

  const ending = Object.entries(operations).filter(([, does]) => does !== "keeps");
  test.each(ending)("%s of any of them is refused as a %s", (op, change) => {
    for (const [type] of refusedTypes) {
      const { ok, refused } = on({ op, type, name: "precious", old: { name: "precious" } });
      expect(ok).toBe(false);
      expect(refused).toMatchObject([{ resource: "precious", type, change, urn: urnOf({ type, name: "precious" }) }]);
    }
  });

  test("an operation that guard does not know is refused on them, and passes on others", () => {
    const { ok, refused } = on({ op: "transmogrify", type: NETWORK, name: "staging-vpc" });
    expect(ok).toBe(false);
    expect(refused.map(({ message }) => message)).toEqual([
      "'staging-vpc' (VPC) must not undergo 'transmogrify', which may destroy it, because connector, database, cache and subnet are in it and are deleted with it; find out what 'transmogrify' does before you run `pulumi up`",
    ]);
    expect(on({ op: "constructor", type: NETWORK }).ok).toBe(false);
    expect(on({ op: "transmogrify", type: "random:index/randomPassword:RandomPassword" }).ok).toBe(true);
  });

  test("any operation that is not known to keep a protected resource is refused", () => {
    const types = fc.constantFrom(...refusedTypes.map(([type]) => type));
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), types, (op, type) => {
        fc.pre(operations[op] !== "keeps" && !["same", "read", "refresh", "diff"].includes(op));
        expect(on({ op, type }).ok).toBe(false);
      }),
    );
  });

  test("a replacement names the properties that force it, and the acknowledgement that would let it pass", () => {
    const { refused } = on({
      op: "replace",
      type: SUBNETWORK,
      name: "staging-subnet",
      changed: ["network"],
      replaceReasons: ["network"],
    });
    expect(refused.map(({ message }) => message)).toEqual([
      "'staging-subnet' (subnet) must not be replaced because every resource with an address in it loses that address; undo the change of network; if it is intended, record the decision: 'netra:acknowledge' {staging-subnet: {change: replace, reason: ...}}",
    ]);
  });

  test("whatever is protected from deletion: `up` would stop half-way", () => {
    const job = { type: "gcp:cloudrunv2/job:Job", name: "migrate" };
    expect(
      on({ op: "delete", ...job, old: { deletionProtection: true } }).refused.map(({ message }) => message),
    ).toEqual([
      "'migrate' (gcp:cloudrunv2/job:Job) must not be deleted because it is protected from deletion, so the provider or the cloud stops `up` half-way; restore it in the program; if it is intended, record the decision: 'netra:acknowledge' {migrate: {change: delete, reason: ...}}",
    ]);
    for (const old of [
      { deletionPolicy: "PREVENT" },
      { enableDropProtection: true },
      { deletionProtectionEnabled: true },
    ])
      expect(on({ op: "replace", ...job, old }).refused).toHaveLength(1);
    for (const old of [{}, { deletionProtection: false }, { deletionPolicy: "DELETE" }])
      expect(on({ op: "delete", ...job, old }).refused).toEqual([]);
  });

  test("what a deletion leaves in place is not lost; a replacement leaves it to nobody", () => {
    const database = { type: "gcp:sql/database:Database", name: "netra" };
    expect(on({ op: "delete", ...database, old: { deletionPolicy: "ABANDON" } }).refused).toEqual([]);
    expect(on({ op: "replace", ...database, old: { deletionPolicy: "ABANDON" } }).refused).toHaveLength(1);
    expect(on({ op: "delete", ...database, old: { deletionPolicy: "DELETE" } }).refused).toHaveLength(1);
    expect(on({ op: "delete", ...database, old: {}, retained: true }).refused).toEqual([]);
    expect(on({ op: "replace", ...database, old: {}, retained: true }).refused).toHaveLength(1);
  });

  test("a component holds nothing, whatever its name", () => {
    const component = { op: "delete", type: "acme:data:Database", old: {}, custom: false };
    expect(on(component, { op: "update", type: SQL_INSTANCE, old: {}, new: {} }).refused).toEqual([]);
    expect(on({ ...component, custom: true }).refused).toHaveLength(1);
  });

  test("a public address is another loss than the range for managed services", () => {
    const address = { op: "delete", type: GLOBAL_ADDRESS, name: "address" };
    const because = (old: object) => on({ ...address, old }).refused.map(({ reason }) => reason);
    expect(because({ addressType: "EXTERNAL" })).toEqual([
      "the hosts' DNS records point to it, and Google may assign it to another customer once it is released",
    ]);
    const range = ["the private addresses of Cloud SQL come from it, and Google does not release it while they do"];
    expect(because({ addressType: "INTERNAL", purpose: "VPC_PEERING" })).toEqual(range);
    expect(because({})).toEqual(range);
    const regional = (old: object) => on({ op: "delete", type: ADDRESS, old }).refused.map(({ reason }) => reason);
    expect(regional({})).toEqual(because({ addressType: "EXTERNAL" }));
    expect(regional({ addressType: "INTERNAL" })).toEqual([
      "clients, allow lists and DNS records refer to it, and it may be assigned to another customer once it is released",
    ]);
  });

  test("a certificate with more hosts is a new one, and guard explains how to keep both", () => {
    const { refused } = on(
      { op: "create", type: MANAGED_CERTIFICATE, name: "staging-edge-00000002", new: {} },
      { op: "delete", type: MANAGED_CERTIFICATE, name: "staging-edge-00000001", old: {} },
    );
    expect(refused.map(({ message }) => message)).toEqual([
      "'staging-edge-00000001' (certificate) must not be deleted because its hosts have no TLS until another one is issued, which takes up to 90 minutes: keep both, each as a list of its own, until the new one is ACTIVE; restore it in the program (the preview creates 'staging-edge-00000002': a rename deletes the old resource); if it is intended, record the decision: 'netra:acknowledge' {staging-edge-00000001: {change: delete, reason: ...}}",
    ]);
  });

  test("a renamed resource is reported as a deletion", () => {
    const { refused } = on(
      { op: "create", type: SQL_INSTANCE, name: "staging-other-postgres", new: {} },
      { op: "delete", type: SQL_INSTANCE, name: "staging-shared-postgres", old: {} },
    );
    expect(refused.map(({ message }) => message)).toEqual([
      "'staging-shared-postgres' (database instance) must not be deleted because its data and its backups are deleted with it; restore it in the program (the preview creates 'staging-other-postgres': a rename deletes the old resource); if it is intended, record the decision: 'netra:acknowledge' {staging-shared-postgres: {change: delete, reason: ...}}",
    ]);
  });

  test("the many steps of one replacement are one refusal, with the reasons of its logical step", () => {
    const step = { type: CONNECTOR, name: "staging-connector" };
    const { refused } = on(
      { op: "delete-replaced", ...step },
      { op: "replace", ...step, replaceReasons: ["ipCidrRange"] },
      { op: "create-replacement", ...step },
    );
    expect(refused).toHaveLength(1);
    expect(refused[0]?.message).toContain("undo the change of ipCidrRange;");
  });

  describe("a connector that shrinks", () => {
    const connector = { type: CONNECTOR, name: "staging-connector" };
    const procedure = [
      "To shrink it safely:",
      "1. give the connector another name, another free /28 and the smaller counts: `up` creates the new one beside the old one, moves services one after another, and deletes the old one last",
      `2. record the decision: 'netra:acknowledge' {staging-connector: {change: delete, reason: ...}}, and lift the engine's protection: pulumi state unprotect '${urnOf(connector)}'`,
      "3. preview, guard, up; then remove the acknowledgement",
    ].join("\n    ");
    const counts = (minInstances: number, maxInstances: number, more: object = {}) => ({
      minInstances,
      maxInstances,
      ...more,
    });

    test.each<[string, object, object, string]>([
      ["in one count, while the other grows", counts(4, 9), counts(3, 10), "minInstances"],
      ["in both", counts(4, 10), counts(3, 9), "minInstances and maxInstances"],
      ["under a larger machine", counts(3, 10), counts(3, 9, { machineType: "e2-standard-4" }), "maxInstances"],
    ])(
      "is refused where a preview shows an update, too, and nobody can acknowledge that: %s",
      (_, old, now, shrunk) => {
        const config = { "netra:acknowledge": { "staging-connector": { change: "update", reason: "agreed" } } };
        const { ok, refused } = verdictOn({ steps: [{ op: "update", ...connector, old, new: now }], config });
        expect(ok).toBe(false);
        expect(refused.map(({ change, message }) => [change, message])).toEqual([
          [
            "update",
            `'staging-connector' (VPC connector) must not shrink because Google cannot shrink a connector in place, and a replacement deletes the old one first; ${shrunk} can only grow in place. ${procedure}`,
          ],
        ]);
      },
    );

    test.each<[string, TestStep, string]>([
      [
        "with another range",
        {
          op: "replace",
          ...connector,
          old: counts(3, 10),
          new: counts(3, 9),
          changed: ["ipCidrRange", "maxInstances"],
        },
        "maxInstances",
      ],
      [
        "in a preview without the values",
        { op: "replace", ...connector, changed: ["ipCidrRange"] },
        "minInstances and maxInstances",
      ],
    ])("names the counts that only grow, and nothing else: %s", (_, step, shrunk) => {
      const { refused } = on({ ...step, replaceReasons: ["__meta", "ipCidrRange"] });
      expect(refused.map(({ message }) => message)).toEqual([
        `'staging-connector' (VPC connector) must not be replaced because the old one is deleted first, and no service reaches database and cache until the new one exists; ${shrunk} can only grow in place. ${procedure}`,
      ]);
    });

    test("does not where a count is no longer stated: the provider keeps it", () => {
      expect(on({ op: "update", ...connector, old: counts(3, 10), new: { maxInstances: 10 } }).refused).toEqual([]);
    });
  });

  test("an operation with a name of JavaScript's own is an unknown one", () => {
    const { refused } = on({ op: "__proto__", type: NETWORK, name: "staging-vpc" });
    expect(refused.map(({ message }) => message)).toEqual([
      "'staging-vpc' (VPC) must not undergo '__proto__', which may destroy it, because connector, database, cache and subnet are in it and are deleted with it; find out what '__proto__' does before you run `pulumi up`",
    ]);
  });

  test("an import that would replace is refused whatever it is", () => {
    const step = { type: "gcp:serviceaccount/account:Account", name: "netra-auth" };
    const { ok, refused } = on(
      { op: "import", ...step, new: {} },
      { op: "replace", ...step, changed: ["accountId"], replaceReasons: ["accountId"] },
    );
    expect(ok).toBe(false);
    expect(refused.map(({ message }) => message)).toEqual([
      "'netra-auth' (service account) must not be replaced because the existing resource differs from the program in a way that only a replacement can change; `pulumi up` would stop half-way; set accountId to the cloud's value, or larger where it can grow",
    ]);
  });

  test("and cannot be acknowledged: the engine would not do it", () => {
    const step = { type: REDIS, name: "staging-redis" };
    const config = { "netra:acknowledge": { "staging-redis": { change: "replace", reason: "agreed" } } };
    expect(
      verdictOn({
        steps: [
          { op: "import", ...step },
          { op: "replace", ...step, replaceReasons: ["connectMode"] },
        ],
        config,
      }),
    ).toMatchObject({
      ok: false,
      unusedAcknowledgements: ["staging-redis"],
    });
  });

  test("creating, importing and updating them is not refused, nor that a program no longer reads one", () => {
    for (const [type] of refusedTypes)
      for (const op of ["create", "import", "update", "discard", "discard-replaced"])
        expect(on({ op, type, old: {}, new: {} }).refused).toEqual([]);
  });
});

describe("a forwarding rule whose address changes", () => {
  const rule = { type: "gcp:compute/globalForwardingRule:GlobalForwardingRule", name: "https" };
  const was = { ipAddress: "34.110.7.7", target: "proxy" };
  const address = {
    op: "replace",
    type: GLOBAL_ADDRESS,
    name: "ip",
    old: { addressType: "EXTERNAL", address: "34.110.7.7", name: "edge-ip" },
  };
  const refusals = (...steps: readonly TestStep[]) =>
    on(...steps).refused.map(({ resource, change }) => `${change} ${resource}`);

  test("is refused like the replacement that `up` makes of it, although the preview shows none", () => {
    const { refused } = on({ op: "same", ...rule, old: was, new: { ...was, ipAddress: UNKNOWN } });
    expect(refused.map(({ message }) => message)).toEqual([
      "'https' (entry point) must not be replaced because its address changes: `up` replaces it although a preview shows no change, and no host can be reached while it is missing; undo the change of ipAddress; if it is intended, record the decision: 'netra:acknowledge' {https: {change: replace, reason: ...}}",
    ]);
    const config = { "netra:acknowledge": { https: { change: "replace", reason: "moved (#1402)" } } };
    expect(
      verdictOn({ steps: [{ op: "same", ...rule, old: was, new: { ...was, ipAddress: UNKNOWN } }], config }),
    ).toMatchObject({
      ok: true,
      refused: [{ acknowledged: "moved (#1402)" }],
    });
  });

  test("in an update of something else, too, of a regional rule, and where the address that it names ends", () => {
    expect(
      refusals({
        op: "update",
        ...rule,
        old: was,
        new: { ...was, ipAddress: UNKNOWN, labels: {} },
        changed: ["labels"],
      }),
    ).toEqual(["replace https"]);
    const regional = { ...rule, type: "gcp:compute/forwardingRule:ForwardingRule" };
    expect(refusals({ op: "same", ...regional, old: was, new: { ...was, ipAddress: UNKNOWN } })).toEqual([
      "replace https",
    ]);
    for (const ipAddress of ["34.110.7.7", "projects/p/global/addresses/edge-ip"])
      expect(refusals(address, { op: "same", ...rule, old: { ipAddress }, new: { ipAddress } })).toEqual([
        "replace https",
        "replace ip",
      ]);
  });

  test("is one refusal where the preview shows the replacement, and none where the address stays", () => {
    expect(
      refusals({
        op: "replace",
        ...rule,
        old: was,
        new: { ...was, ipAddress: UNKNOWN },
        replaceReasons: ["ipAddress"],
      }),
    ).toEqual(["replace https"]);
    expect(refusals({ op: "update", ...rule, old: was, new: { ...was, labels: {} }, changed: ["labels"] })).toEqual([]);
    expect(refusals({ op: "create", ...rule, new: { ipAddress: UNKNOWN } })).toEqual([]);
    // Google chose it
    expect(refusals({ op: "same", ...rule, old: { target: "proxy" }, new: { target: "proxy" } })).toEqual([]);
    expect(refusals({ op: "same", ...rule, old: was, new: was })).toEqual([]);
  });

  test("is announced with the address where the preview does not list what it takes for unchanged", () => {
    expect(on(address).announced).toMatchObject([
      { resource: "ip", effect: "access", advice: "preview with --show-sames, so that guard also judges the rules" },
    ]);
    expect(on(address, { op: "same", ...rule, old: was, new: was }).announced).toEqual([]);
    expect(on({ ...address, old: { addressType: "INTERNAL", purpose: "VPC_PEERING" } }).announced).toEqual([]);
  });
});

describe("a version of a secret", () => {
  const version = (op: string, name: string, inputs: object): TestStep => ({
    op,
    type: SECRET_VERSION,
    name,
    ...(op === "delete" ? { old: inputs } : { new: inputs }),
  });
  const secret = "projects/p/secrets/redis";

  test("may go when another enabled one of the same secret comes with the same preview", () => {
    const { ok, announced } = on(
      version("create", "redis-r2", { secret, enabled: true }),
      version("delete", "redis-r1", { secret }),
    );
    expect(ok).toBe(true);
    expect(announced).toMatchObject([
      {
        resource: "redis-r1",
        change: "delete",
        consequence: "a revision that still mounts this version cannot start another instance",
      },
      { resource: "redis-r2", change: "create" },
    ]);
  });

  test.each([
    ["one of another secret", { secret: "projects/p/secrets/jwt", enabled: true }],
    ["one that is disabled", { secret, enabled: false }],
    ["one of a secret that is not there yet", { secret: UNKNOWN, enabled: true }],
  ])("may not go for %s", (_, inputs) => {
    expect(on(version("create", "other", inputs), version("delete", "redis-r1", { secret })).refused).toMatchObject([
      { resource: "redis-r1", change: "delete" },
    ]);
  });

  test("may not go for one that goes, too, nor without saying of which secret it is", () => {
    expect(
      on(version("delete", "redis-r1", { secret }), version("delete", "redis-r2", { secret })).refused,
    ).toHaveLength(2);
    expect(on(version("create", "r2", {}), version("delete", "r1", {})).ok).toBe(false);
  });

  test("that comes first for its secret interrupts nobody: nothing mounts the secret", () => {
    expect(on(version("create", "redis-r1", { secret: UNKNOWN })).announced).toEqual([]);
  });
});

describe("an acknowledgement", () => {
  const replaced: TestStep = {
    op: "replace",
    type: CONNECTOR,
    name: "staging-connector",
    replaceReasons: ["ipCidrRange"],
  };
  const judged = (acknowledge: object, steps: readonly TestStep[] = [replaced], errors: TestPreview["errors"] = []) =>
    verdictOn({ steps, errors, config: { "netra:acknowledge": acknowledge } });

  test("lets the named change of the named resource pass, and its reason is shown", () => {
    const verdict = judged({ "staging-connector": { change: "replace", reason: "agreed in #1301" } });
    expect(verdict).toMatchObject({
      ok: true,
      refused: [{ acknowledged: "agreed in #1301" }],
      unusedAcknowledgements: [],
    });
    expect(guardText(verdict, { width: 80, colour: false })).toBe(
      "Acknowledged and allowed:\n- replace of staging-connector: agreed in #1301\n\nPASSED: nothing is refused. Steps: 1 replace.\n",
    );
  });

  test.each([
    ["another change", { "staging-connector": { change: "delete", reason: "no" } }],
    ["another resource", { "other-connector": { change: "replace", reason: "no" } }],
  ])("of %s lets nothing pass, and is listed for removal", (_, acknowledge) => {
    const verdict = judged(acknowledge);
    expect(verdict.ok).toBe(false);
    expect(verdict.unusedAcknowledgements).toEqual(Object.keys(acknowledge));
  });

  test.each(["", "   ", "\t\n", "\u00a0"])(
    "whose reason is only spaces (%j) is none, and leaves the others valid",
    (reason) => {
      const other = { op: "delete", type: REDIS, name: "staging-redis", old: {} };
      const { ok, refused } = judged(
        { "staging-connector": { change: "replace", reason }, "staging-redis": { change: "delete", reason: "agreed" } },
        [replaced, other],
      );
      expect({ ok, refused: refused.map(({ resource, acknowledged }) => [resource, acknowledged]) }).toEqual({
        ok: false,
        refused: [
          ["staging-connector", undefined],
          ["staging-redis", "agreed"],
        ],
      });
    },
  );

  test("that acknowledges nothing is listed for removal and refuses nothing", () => {
    const verdict = judged({ "staging-connector": { change: "replace", reason: "done" } }, []);
    expect(guardText(verdict, { width: 80, colour: false })).toBe(
      "Acknowledgements to remove, because this preview does not need them:\n- netra:acknowledge.staging-connector\n\nPASSED: nothing is refused. Steps: none.\n",
    );
    expect(verdict.ok).toBe(true);
  });

  test("that cannot be read is none", () => {
    expect(judged({ "staging-connector": { change: "replace" } }).ok).toBe(false);
    expect(judged({ "staging-connector": true }).ok).toBe(false);
  });

  test("does not lift the engine's own protection, and reports that", () => {
    const urn = urnOf(replaced);
    const protect = { urn, message: `unable to replace resource "${urn}"\nas it is currently marked for protection.` };
    const verdict = judged({ "staging-connector": { change: "replace", reason: "agreed" } }, [replaced], [protect]);
    expect(verdict.ok).toBe(false);
    expect(verdict.refused.map(({ change, message }) => [change, message.split("; ").at(-1)])).toEqual([
      [
        "replace",
        "if it is intended, record the decision: 'netra:acknowledge' {staging-connector: {change: replace, reason: ...}}",
      ],
      [
        "preview",
        `the change is acknowledged, but the engine still protects the resource: pulumi state unprotect '${urn}'`,
      ],
    ]);
  });
});

describe("a preview that failed", () => {
  test("is refused with its reason, once, though nothing else is", () => {
    const { ok, refused } = verdictOn({ errors: [{ message: "quota exceeded" }, { message: "quota exceeded" }] });
    expect(ok).toBe(false);
    expect(refused.map(({ message }) => message)).toEqual([
      "the preview must complete because guard cannot judge what it does not show: quota exceeded; fix that and preview again",
    ]);
  });

  test("without a reason is refused, too", () => {
    expect(verdictOn({ errors: [{ message: "preview failed" }] })).toMatchObject({
      ok: false,
      refused: [{ change: "preview" }],
    });
  });

  test("because of a resource that is refused anyway says it once", () => {
    const step: TestStep = { op: "delete", type: SECRET, name: "jwt-secret-staging" };
    const { refused } = verdictOn({ steps: [step], errors: [{ urn: urnOf(step), message: "it is protected" }] });
    expect(refused.map(({ change }) => change)).toEqual(["delete"]);
  });
});

describe("disruptions", () => {
  const announced = (type: string, old: object, now: object, changed?: readonly string[]): string[] =>
    on({ op: "update", type, name: "it", old, new: now, ...(changed ? { changed } : {}) }).announced.map(
      ({ change, effect }) => `${effect}: ${change}`,
    );
  const sql = (settings: object) => ({ settings });
  const flags = (values: Readonly<Record<string, string>>) =>
    sql({ databaseFlags: Object.entries(values).map(([name, value]) => ({ name, value })) });

  test.each<[string, string, object, object, string[]]>([
    [
      "a flag that needs a restart",
      SQL_INSTANCE,
      flags({ max_connections: "150" }),
      flags({ max_connections: "160" }),
      ["restart: settings.databaseFlags[max_connections] 150 -> 160"],
    ],
    [
      "a flag that is set for the first time",
      SQL_INSTANCE,
      sql({}),
      flags({ shared_buffers: "131072" }),
      ["restart: settings.databaseFlags[shared_buffers] not set -> 131072"],
    ],
    [
      "a flag that goes",
      SQL_INSTANCE,
      flags({ max_connections: "100" }),
      sql({}),
      ["restart: settings.databaseFlags[max_connections] 100 -> not set"],
    ],
    ["a flag that is live", SQL_INSTANCE, flags({ work_mem: "4096" }), flags({ work_mem: "8192" }), []],
    ["flags in another order", SQL_INSTANCE, flags({ a: "1", b: "2" }), flags({ b: "2", a: "1" }), []],
    [
      "a flag nobody here knows",
      SQL_INSTANCE,
      flags({ "cloudsql.novelty": "off" }),
      flags({ "cloudsql.novelty": "on" }),
      ["restart: settings.databaseFlags[cloudsql.novelty] off -> on"],
    ],
    [
      "tier and availability, in one restart",
      SQL_INSTANCE,
      sql({ tier: "db-g1-small" }),
      sql({ tier: "db-custom-1-3840", availabilityType: "REGIONAL" }),
      ["restart: settings.tier db-g1-small -> db-custom-1-3840, settings.availabilityType not set -> REGIONAL"],
    ],
    [
      "the length of query strings",
      SQL_INSTANCE,
      sql({ insightsConfig: { queryStringLength: 1024 } }),
      sql({ insightsConfig: { queryStringLength: 2048 } }),
      ["restart: settings.insightsConfig.queryStringLength 1024 -> 2048"],
    ],
    [
      "point-in-time recovery, switched on",
      SQL_INSTANCE,
      sql({}),
      sql({ backupConfiguration: { pointInTimeRecoveryEnabled: true, enabled: true } }),
      ["restart: settings.backupConfiguration.pointInTimeRecoveryEnabled not set -> true"],
    ],
    [
      "a private address",
      SQL_INSTANCE,
      sql({ ipConfiguration: {} }),
      sql({ ipConfiguration: { privateNetwork: "n" } }),
      ["restart: settings.ipConfiguration.privateNetwork not set -> n"],
    ],
    [
      "closing the public address",
      SQL_INSTANCE,
      sql({ ipConfiguration: { ipv4Enabled: true } }),
      sql({ ipConfiguration: { ipv4Enabled: false } }),
      ["access: settings.ipConfiguration.ipv4Enabled true -> false"],
    ],
    [
      "opening a public address",
      SQL_INSTANCE,
      sql({ ipConfiguration: { ipv4Enabled: false } }),
      sql({ ipConfiguration: { ipv4Enabled: true } }),
      [],
    ],
    [
      "authorized networks",
      SQL_INSTANCE,
      sql({ ipConfiguration: { authorizedNetworks: [{ name: "all", value: "0.0.0.0/0" }] } }),
      sql({ ipConfiguration: {} }),
      ["access: settings.ipConfiguration.authorizedNetworks[all] 0.0.0.0/0 -> not set"],
    ],
    [
      "TLS only",
      SQL_INSTANCE,
      sql({ ipConfiguration: { sslMode: "ALLOW_UNENCRYPTED_AND_ENCRYPTED" } }),
      sql({ ipConfiguration: { sslMode: "ENCRYPTED_ONLY" } }),
      ["restart: settings.ipConfiguration.sslMode ALLOW_UNENCRYPTED_AND_ENCRYPTED -> ENCRYPTED_ONLY"],
    ],
    [
      "a version upgrade",
      SQL_INSTANCE,
      { databaseVersion: "POSTGRES_14" },
      { databaseVersion: "POSTGRES_15" },
      ["restart: databaseVersion POSTGRES_14 -> POSTGRES_15"],
    ],
    [
      "stopping the instance",
      SQL_INSTANCE,
      sql({ activationPolicy: "ALWAYS" }),
      sql({ activationPolicy: "NEVER" }),
      ["restart: settings.activationPolicy ALWAYS -> NEVER"],
    ],
    [
      "connectors only",
      SQL_INSTANCE,
      sql({}),
      sql({ connectorEnforcement: "REQUIRED" }),
      ["access: settings.connectorEnforcement not set -> REQUIRED"],
    ],
    [
      "disk, labels, backups, maintenance window",
      SQL_INSTANCE,
      sql({ diskSize: 20 }),
      sql({
        diskSize: 30,
        userLabels: { team: "platform" },
        maintenanceWindow: { day: 7 },
        backupConfiguration: { startTime: "03:00" },
        deletionProtectionEnabled: true,
      }),
      [],
    ],
    [
      "a setting that nothing is known of",
      SQL_INSTANCE,
      sql({}),
      sql({ timeMachine: true }),
      ["restart: settings.timeMachine"],
    ],
    ["a user's password", SQL_USER, { password: "[secret]" }, { password: "[secret] " }, ["access: password"]],
    [
      "the connector's machine type",
      CONNECTOR,
      { machineType: "e2-micro" },
      { machineType: "e2-standard-4" },
      ["connections: machineType e2-micro -> e2-standard-4"],
    ],
    [
      "a connector that grows",
      CONNECTOR,
      { minInstances: 2, maxInstances: 9 },
      { minInstances: 3, maxInstances: 10 },
      [],
    ],
    [
      "Google's private access",
      SUBNETWORK,
      { privateIpGoogleAccess: true },
      { privateIpGoogleAccess: false },
      ["access: privateIpGoogleAccess true -> false"],
    ],
    ["Redis AUTH, on", REDIS, {}, { authEnabled: true }, ["access: authEnabled not set -> true"]],
    ["Redis AUTH, off", REDIS, { authEnabled: true }, { authEnabled: false }, ["access: authEnabled true -> false"]],
    [
      "Redis, version and memory",
      REDIS,
      { redisVersion: "REDIS_6_X", memorySizeGb: 1 },
      { redisVersion: "REDIS_7_2", memorySizeGb: 2 },
      ["restart: redisVersion REDIS_6_X -> REDIS_7_2", "connections: memorySizeGb 1 -> 2"],
    ],
    ["Redis labels", REDIS, { labels: {} }, { labels: { team: "platform" } }, []],
    [
      "a secret's version, disabled",
      SECRET_VERSION,
      { enabled: true },
      { enabled: false },
      ["access: enabled true -> false"],
    ],
    [
      "a service's labels and scaling",
      RUN_SERVICE,
      { labels: {}, scaling: { minInstanceCount: 1 } },
      { labels: { team: "platform" }, scaling: { minInstanceCount: 2 } },
      [],
    ],
    [
      "ingress",
      RUN_SERVICE,
      { ingress: "INGRESS_TRAFFIC_ALL" },
      { ingress: "INGRESS_TRAFFIC_INTERNAL_ONLY" },
      ["access: ingress INGRESS_TRAFFIC_ALL -> INGRESS_TRAFFIC_INTERNAL_ONLY"],
    ],
    [
      "hosts and certificates of the load balancer",
      URL_MAP,
      { hostRules: [{ hosts: ["api.example.org"], pathMatcher: "backend" }] },
      { hostRules: [{ hosts: ["api.example.org"], pathMatcher: "frontend" }] },
      ["access: hostRules[0].pathMatcher"],
    ],
    [
      "a certificate more",
      HTTPS_PROXY,
      { sslCertificates: ["one"] },
      { sslCertificates: ["one", UNKNOWN] },
      ["access: sslCertificates[1]"],
    ],
    [
      "the oldest TLS",
      "gcp:compute/sSLPolicy:SSLPolicy",
      { minTlsVersion: "TLS_1_0" },
      { minTlsVersion: "TLS_1_2" },
      ["access: minTlsVersion TLS_1_0 -> TLS_1_2"],
    ],
    [
      "the throttle",
      "gcp:compute/securityPolicy:SecurityPolicy",
      { rules: [{ priority: 1 }] },
      { rules: [{ priority: 2 }] },
      ["access: rules[0].priority"],
    ],
    [
      "the logs of a backend",
      "gcp:compute/backendService:BackendService",
      { logConfig: { sampleRate: 1 } },
      { logConfig: { sampleRate: 0.5 } },
      [],
    ],
    [
      "invokers",
      RUN_SERVICE,
      { invokerIamDisabled: true },
      { invokerIamDisabled: false },
      ["access: invokerIamDisabled true -> false"],
    ],
    [
      "egress",
      RUN_SERVICE,
      { template: { vpcAccess: { egress: "ALL_TRAFFIC" } } },
      { template: { vpcAccess: { egress: "PRIVATE_RANGES_ONLY" } } },
      [
        "new revision: template.vpcAccess.egress",
        "access: template.vpcAccess.egress ALL_TRAFFIC -> PRIVATE_RANGES_ONLY",
      ],
    ],
  ])("%s", (_, type, old, now, expected) => {
    expect(announced(type, old, now)).toEqual(expected);
  });

  test("what the engine does not count as a change is none: the server chose it, or the provider suppresses it", () => {
    const old = sql({ tier: "db-custom-1-3840", edition: "ENTERPRISE", diskSize: 20 });
    expect(announced(SQL_INSTANCE, old, sql({ tier: "db-custom-2-7680", diskSize: 10 }), ["settings.tier"])).toEqual([
      "restart: settings.tier db-custom-1-3840 -> db-custom-2-7680",
    ]);
  });

  test("a change behind a secret counts though both sides look alike, and shows nothing", () => {
    const hidden = { template: { containers: "[secret]" } };
    expect(announced(RUN_SERVICE, hidden, hidden, ["template.containers[0].envs[3].value"])).toEqual([
      "new revision: template.containers[0].envs[3].value",
    ]);
  });

  test("what is hidden or unknown may be anything below it, and counts as all of it", () => {
    expect(announced(REDIS, { authEnabled: true }, { authEnabled: UNKNOWN })).toEqual([
      "access: authEnabled true -> not known yet",
      "access: authEnabled true -> not known yet",
    ]);
    const found = announced(SQL_INSTANCE, sql({ tier: "db-custom-1-3840" }), { settings: "[secret]" });
    expect([...new Set(found)]).toEqual(["restart: settings", "access: settings"]);
  });

  test("labels alone are nothing, a new label on the template is a revision", () => {
    expect(announced(RUN_SERVICE, { labels: { a: "1" } }, { labels: { a: "2" } }, ["labels.a"])).toEqual([]);
    expect(
      announced(RUN_SERVICE, { template: { labels: { a: "1" } } }, { template: { labels: { a: "2" } } }, [
        "template.labels.a",
      ]),
    ).toEqual(["new revision: template.labels.a"]);
  });

  test("an adoption: what an import's update changes is announced, the import itself is not", () => {
    const step = { type: SQL_INSTANCE, name: "staging-shared-postgres" };
    const old = sql({ tier: "db-g1-small", ipConfiguration: { ipv4Enabled: true } });
    const now = sql({ tier: "db-custom-1-3840", ipConfiguration: { ipv4Enabled: false } });
    const { announced: found } = on({ op: "import", ...step, new: old }, { op: "update", ...step, old, new: now });
    expect(found.map(({ effect }) => effect)).toEqual(["restart", "access"]);
  });

  describe("a new revision", () => {
    test("reports the connections of both revisions, or why they cannot be read", () => {
      const service = (containers: unknown) => ({ scaling: { maxInstanceCount: 5 }, template: { containers } });
      const client = { POSTGRES_HOST: "10.107.0.3", DB_POOL_SIZE: "3", DB_MAX_OVERFLOW: "2", WEB_CONCURRENCY: "1" };
      const containers = (image: string) => [
        { image, envs: Object.entries(client).map(([name, value]) => ({ name, value })) },
      ];
      const text = (old: unknown) =>
        on({ op: "update", type: RUN_SERVICE, old: service(old), new: service(containers("app:2")) }).announced.map(
          ({ consequence }) => consequence,
        );
      const said = (connections: string) =>
        `a new revision takes over while the old one finishes its requests; ${connections}; WebSockets stay on the old one until they end`;
      expect(text(containers("app:1"))).toEqual([
        said("both together hold up to 25 + 25 = 50 connections, as the budget counts"),
      ]);
      expect(text("[secret]")).toEqual([
        said(
          "the connections of both cannot be read from this preview ('template.containers' is hidden because it contains a secret)",
        ),
      ]);
    });
  });

  test("access that is taken away", () => {
    const { ok, announced: found } = on({ op: "delete", type: SECRET_IAM_MEMBER, name: "reads", old: {} });
    expect(ok).toBe(true);
    expect(found).toMatchObject([
      {
        change: "delete",
        effect: "access",
        consequence: "a revision that still mounts the secret cannot start another instance",
      },
    ]);
  });

  test("an alert and a channel that go are no interruption, and nobody hears of them any more", () => {
    const gone = (type: string, name: string) => ({ op: "delete", type, name, old: {} });
    const verdict = on(
      gone(ALERT_POLICY, "connector-cpu"),
      gone("gcp:monitoring/notificationChannel:NotificationChannel", "platform"),
    );
    expect(verdict.ok).toBe(true);
    expect(verdict.announced).toMatchObject([
      {
        resource: "connector-cpu",
        effect: "silence",
        consequence: "nobody is notified of what it watched until another one exists, and its open incidents close",
      },
      { resource: "platform", effect: "silence", consequence: "its recipients no longer receive alerts" },
    ]);
    expect(guardText(verdict, { width: 80, colour: false })).toBe(
      "Alerts and channels that no longer notify anybody:\n- connector-cpu, platform\n\nPASSED: nothing is refused. Steps: 2 delete.\n",
    );
  });
});

test("whatever stands in the properties, there is a verdict", () => {
  const inputs = fc.dictionary(
    fc.constantFrom("settings", "template", "scaling", "secret", "authEnabled", "traffics"),
    fc.jsonValue(),
  );
  const template = fc.record({
    template: fc.record({
      containers: fc.array(fc.oneof(fc.jsonValue(), fc.record({ envs: fc.jsonValue() }))),
      scaling: fc.jsonValue(),
    }),
  });
  const either = fc.oneof(inputs, template);
  const types = fc.constantFrom(SQL_INSTANCE, RUN_SERVICE, REDIS, SECRET_VERSION);
  fc.assert(
    fc.property(
      either,
      either,
      types,
      fc.constantFrom("update", "create", "delete", "replace"),
      (old, now, type, op) => {
        expect(on({ op, type, old, new: now }).changes).toEqual({ [op]: 1 });
      },
    ),
  );
});

describe("a job that takes ownership", () => {
  const job = (formerOwners: readonly string[], runExecutionToken: string) => ({
    runExecutionToken,
    template: {
      template: {
        containers: [
          {
            envs: Object.entries(
              rolesVariables(
                {
                  database: "netra_staging",
                  owner: "netra_owner",
                  users: [],
                  formerOwners,
                  lockTimeoutSeconds: 10,
                  idleInTransactionSeconds: 300,
                },
                [],
              ),
            ).map(([name, value]) => ({ name, value })),
          },
        ],
      },
    },
  });
  const announced = (step: Pick<TestStep, "op" | "old" | "new">) =>
    on({ ...step, type: "gcp:cloudrunv2/job:Job", name: "netra-database-roles" }).announced.map(
      ({ effect, consequence }) => `${effect}: ${consequence}`,
    );
  const reassigns =
    "ownership: the job runs REASSIGN OWNED: everything that postgres and netra_a owns in its database, and every database they own, gets the owner role as its owner; each table is locked until the statement ends, and the job fails if it waits 30 s for a lock";

  test("is announced as what it is, when it is made and whenever it runs again", () => {
    const owners = ["postgres", "netra_a"];
    expect(announced({ op: "create", new: job(owners, "1") })).toEqual([reassigns]);
    expect(announced({ op: "update", old: job([], "1"), new: job(owners, "2") })).toEqual([reassigns]);
    expect(announced({ op: "update", old: job(owners, "1"), new: job(owners, "2") })).toEqual([reassigns]);
  });

  test("is no news where it does not run, or takes nothing", () => {
    expect(
      announced({ op: "update", old: { ...job(["postgres"], "1"), labels: {} }, new: job(["postgres"], "1") }),
    ).toEqual([]);
    expect(announced({ op: "create", new: job([], "1") })).toEqual([]);
    expect(announced({ op: "update", old: job(["postgres"], "1"), new: job([], "2") })).toEqual([]);
  });
});

test("nothing that could be a secret is shown", () => {
  const envs = (value: string) => ({ template: { containers: [{ envs: [{ name: "API_KEY", value }] }] } });
  const verdict = on(
    { op: "update", type: RUN_SERVICE, name: "app", old: envs("old-and-secret"), new: envs("new-and-secret") },
    {
      op: "update",
      type: SQL_USER,
      name: "netra_a",
      old: { password: "old-and-secret" },
      new: { password: "new-and-secret" },
    },
    { op: "create", type: SECRET_VERSION, name: "r2", new: { secret: "s", secretData: "new-and-secret" } },
    { op: "delete", type: SECRET_VERSION, name: "other", old: { secret: "t", secretData: "old-and-secret" } },
  );
  expect(verdict.announced).toHaveLength(3);
  expect(JSON.stringify(verdict) + guardText(verdict, { width: 80, colour: false })).not.toContain("and-secret");
});

test("the text: what interrupts service, what is refused and what would pass, and the verdict last", () => {
  const verdict = on(
    { op: "delete", type: NETWORK, name: "staging-vpc", old: {} },
    {
      op: "update",
      type: CONNECTOR,
      name: "staging-connector",
      old: { machineType: "e2-micro" },
      new: { machineType: "e2-standard-4" },
    },
  );
  expect(guardText(verdict, { width: 80, colour: false })).toBe(
    [
      "Interrupts service:",
      "- staging-connector, machineType e2-micro -> e2-standard-4 (connections): long",
      "  connections through the connector may drop: database pools, Redis. Advice:",
      "  services reconnect with their retries; do it in a quiet hour",
      "",
      "1. 'staging-vpc' (VPC) must not be deleted because connector, database, cache",
      "   and subnet are in it and are deleted with it; restore it in the program; if",
      "   it is intended, record the decision: 'netra:acknowledge' {staging-vpc:",
      "   {change: delete, reason: ...}}",
      "",
      "REFUSED: 1 change must not be applied. Steps: 1 delete, 1 update.",
      "",
    ].join("\n"),
  );
});
