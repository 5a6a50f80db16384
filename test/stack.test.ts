import * as gcp from "@pulumi/gcp";
import { RunError } from "@pulumi/pulumi";
import { beforeAll, expect, test } from "vitest";
import { evaluate, type RegisteredResource, withoutSecrets } from "../engine/evaluate";
import { type Outputs, staging, UnsoundPlanError } from "../stack";
import { incidents } from "./fixtures/incidents";
import { type Cloud, create, refusal, wireSecret } from "./fixtures/programs";
import { type Changes, FEW_STORMS, stagingConfiguration } from "./stack-settings";

const preview = (changes: Changes = {}) => evaluate("staging", stagingConfiguration(changes), staging);

/** What staging registers, evaluated once: most tests only read it. */
let resources: readonly RegisteredResource[] = [];
beforeAll(async () => {
  resources = await preview();
});

/** `type name`, without the package. */
const shortOf = ({ type, name }: Pick<RegisteredResource, "type" | "name">) => `${type.split(":").at(-1)} ${name}`;
const named = (name: string, among = resources): RegisteredResource => {
  const found = among.find((resource) => resource.name === name && resource.custom);
  if (!found) throw new Error(`nothing is called ${name}`);
  return found;
};
const dependenciesOf = (resource: RegisteredResource) => resource.dependencies.map((urn) => urn.split("::").at(-1));

/** What the cloud answers when it creates the resource; every secret is recognisable. */
const cloud: Cloud = ({ type, name }) => {
  switch (type) {
    case "random:index/randomPassword:RandomPassword":
      return { result: wireSecret(`PLAIN${name.replaceAll("-", "")}0123456789abcdefghij`) };
    case "gcp:redis/instance:Instance":
      return { host: "10.166.204.83", port: 6379, authString: wireSecret("PLAIN-d6b0-4f8e") };
    case "gcp:secretmanager/secretVersion:SecretVersion":
      return { version: name.split("-r").at(-1) };
    case "gcp:sql/databaseInstance:DatabaseInstance":
      return { privateIpAddress: "10.107.0.3", connectionName: "netra-staging:us-central1:staging-shared-postgres" };
    case "gcp:cloudrunv2/service:Service":
      return { uri: `https://${name}.run.app` };
    default:
      return {};
  }
};

test.each(incidents)("refuses $name before anything is registered", async ({ changes, says }) => {
  const { error, registered } = await refusal(stagingConfiguration({ ...changes, ...FEW_STORMS }), staging);
  expect(error).toBeInstanceOf(UnsoundPlanError);
  const { message, problems } = error as UnsoundPlanError; // just checked
  for (const text of says) expect(message).toContain(text);
  // The engine prints the message of such an error and no stack trace; it holds every problem, each with its fix.
  expect(message.split("\n")).toEqual([
    "The capacity plan is refused, nothing was registered:",
    ...problems.map((problem) => `  ${problem.message}`),
  ]);
  for (const problem of problems)
    expect(problem.message).toMatch(
      /^'netra:[^']+' \(.+\) must .+ because .+; (set 'netra:[^']+' to \S|mend the other problems first: )/,
    );
  expect(registered).toEqual([]);
});

test("the record of a refused program shows what it registered before", async () => {
  const program = () => {
    new gcp.compute.Network("early", { name: "early" });
    throw new Error("too late");
  };
  expect((await refusal(stagingConfiguration(), program)).registered).toEqual(["gcp:compute/network:Network"]);
});

test("refuses configuration that is no plan with all its problems, before anything is registered", async () => {
  const { error, registered } = await refusal(
    stagingConfiguration({ "netra:connector": { minInstances: "3x", maxInstance: 10 }, "gcp:region": undefined }),
    staging,
  );
  expect(RunError.isInstance(error)).toBe(true);
  expect((error as Error).message).toBe(
    [
      "The stack's configuration has problems, nothing was registered:",
      "'gcp:region' (not set) must be stated because the names and addresses of the stack contain it; set 'gcp:region' to us-central1",
      "'netra:connector.minInstances' (3x) must be a whole number of instances, at least 1 because it is VMs that are always there: what carries a storm (2 to 9); set 'netra:connector.minInstances' to 3",
      "'netra:connector.maxInstance' must not be set because there is no such setting; rename it to 'netra:connector.maxInstances', or remove it",
    ].join("\n"),
  );
  expect(registered).toEqual([]);
});

test("ignores configuration of other namespaces, encrypted or not", async () => {
  const others = await preview({
    "gcp:skipRegionValidation": true,
    "pulumi:disable-default-providers": ["aws"],
    "other:token": "[secret]",
  });
  expect(others).toHaveLength(resources.length);
});

test("registers the whole of staging, and the same again in the same process", async () => {
  const count = (type: string) => resources.filter((resource) => resource.type === type).length;
  expect({
    connectors: count("gcp:vpcaccess/connector:Connector"),
    databases: count("gcp:sql/databaseInstance:DatabaseInstance"),
    redis: count("gcp:redis/instance:Instance"),
    secrets: count("gcp:secretmanager/secret:Secret"),
    versions: count("gcp:secretmanager/secretVersion:SecretVersion"),
    jobs: count("gcp:cloudrunv2/job:Job"),
    services: count("gcp:cloudrunv2/service:Service"),
    accounts: count("gcp:serviceaccount/account:Account"),
  }).toEqual({ connectors: 1, databases: 1, redis: 1, secrets: 14, versions: 8, jobs: 1, services: 3, accounts: 4 });
  const byUrn = (registered: readonly RegisteredResource[]) =>
    registered.toSorted((a, b) => a.urn.localeCompare(b.urn));
  expect(byUrn(await preview())).toEqual(byUrn(resources));
  expect(new Set(resources.map(({ urn }) => urn)).size).toBe(resources.length);
});

test("puts every component under the stack and every resource under a component", () => {
  const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  for (const resource of resources.filter(({ type }) => type !== "pulumi:pulumi:Stack")) {
    const parent = byUrn.get(resource.parent)?.type;
    if (resource.custom) expect(parent, shortOf(resource)).toMatch(/^netra:staging:/);
    else expect(parent, shortOf(resource)).toBe("pulumi:pulumi:Stack");
  }
});

test("protects what cannot be created again, and only that", () => {
  const protectedOnes = resources.filter(({ options }) => options.protect).map(({ type }) => type.split(":").at(-1));
  expect([...new Set(protectedOnes)].toSorted()).toEqual([
    "Connector",
    "Database",
    "DatabaseInstance",
    "GlobalAddress",
    "Instance",
    "Network",
    "Secret",
  ]);
  expect(protectedOnes.filter((type) => type === "Secret")).toHaveLength(14);
});

test("ignores the drift that consoles write on services, and what the provider cannot read back of the cache", () => {
  const ignored = resources.flatMap((resource) =>
    resource.options.ignoreChanges.length > 0
      ? [[shortOf(resource), resource.options.ignoreChanges.join()] as const]
      : [],
  );
  expect(Object.fromEntries(ignored)).toEqual({
    "Instance staging-redis": "reservedIpRange",
    "Job netra-database-roles": "client,clientVersion",
    "Service netra-auth-service": "client,clientVersion",
    "Service netra-backend-staging": "client,clientVersion",
    "Service netra-frontend-staging": "client,clientVersion",
  });
});

test("rolls the services out one after another", () => {
  const services = ["netra-auth-service", "netra-backend-staging", "netra-frontend-staging"];
  // Each names only the last one before it, which waits for the others.
  const waits = Object.fromEntries(
    services.map((name) => [name, dependenciesOf(named(name)).filter((other) => services.includes(other ?? ""))]),
  );
  expect(waits).toEqual({
    "netra-auth-service": [],
    "netra-backend-staging": ["netra-auth-service"],
    "netra-frontend-staging": ["netra-backend-staging"],
  });
});

test("starts a service only once all that it needs is there", () => {
  expect(dependenciesOf(named("netra-auth-service"))).toEqual(
    expect.arrayContaining([
      "staging-connector",
      "staging-shared-postgres",
      "netra_staging",
      "netra-database-roles",
      "staging-redis",
      "netra-auth",
      "jwt-secret-staging-r1",
      "postgres-password-staging-r1",
      "google-oauth-client-id-staging",
      "netra-auth-service-reads-jwt-secret-staging",
    ]),
  );
  // A grant names its secret by a plain text, so the order has to be stated.
  const grant = named("netra-auth-service-reads-google-oauth-client-id-staging");
  expect(dependenciesOf(grant)).toEqual(expect.arrayContaining(["netra-auth", "google-oauth-client-id-staging"]));
  expect(dependenciesOf(named("staging-shared-postgres"))).toContain("staging-vpc-services");
  for (const name of ["staging-connector", "staging-redis", "jwt-secret-staging", "netra-auth"])
    expect(dependenciesOf(named(name)), name).toContain("api-vpcaccess");
});

test("lets a cache with private services access wait for the services connection", async () => {
  const cache = { connectMode: "PRIVATE_SERVICE_ACCESS", reservedIpRange: "staging-private-ip-address" };
  const changed = await preview({ "netra:cache": cache });
  expect(dependenciesOf(named("staging-redis", changed))).toContain("staging-vpc-services");
  expect(dependenciesOf(named("staging-redis"))).not.toContain("staging-vpc-services");
});

test("gives each service its own reference to one JWT secret in one version", () => {
  const references = resources
    .filter(({ type }) => type === "gcp:cloudrunv2/service:Service")
    // a match holds texts only
    .flatMap(({ inputs }) => (JSON.stringify(inputs).match(/\{"name":"JWT_SECRET_KEY".*?\}\}\}/) ?? []) as string[]);
  expect(references).toEqual(
    Array(2).fill(
      '{"name":"JWT_SECRET_KEY","valueSource":{"secretKeyRef":{"secret":"jwt-secret-staging","version":"1"}}}',
    ),
  );
});

test("hands out the connector, the database's address and every service's URL", async () => {
  let outputs: Outputs | undefined;
  await evaluate("staging", stagingConfiguration(), () => {
    outputs = staging();
    return outputs;
  });
  expect(Object.keys(outputs ?? {})).toEqual(["connector", "databaseAddress", "edgeAddress", "urls"]);
  // With the load balancer, Cloud Run's own addresses answer nobody outside.
  expect(outputs?.urls).toEqual({
    auth: "https://auth.staging.netrasystems.ai",
    backend: "https://api.staging.netrasystems.ai",
    frontend: "https://app.staging.netrasystems.ai",
  });
});

test("without the load balancer, services are open and have Cloud Run's own addresses", async () => {
  let outputs: Outputs | undefined;
  const registered = await evaluate("staging", stagingConfiguration({ "netra:edge": undefined }), () => {
    outputs = staging();
    return outputs;
  });
  expect(Object.keys(outputs ?? {})).toEqual(["connector", "databaseAddress", "urls"]);
  expect(registered.filter(({ type }) => /compute\/(?!network|subnetwork|globalAddress)/.test(type))).toEqual([]);
  const ingress = (among: readonly RegisteredResource[]) => among.flatMap(({ inputs }) => inputs.ingress ?? []);
  expect(ingress(registered)).toEqual(Array(3).fill("INGRESS_TRAFFIC_ALL"));
  expect(ingress(resources)).toEqual(Array(3).fill("INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"));
});

test("registers no secret in the clear, neither where it is made nor where it is used", async () => {
  const created = await create(staging, cloud);
  expect(JSON.stringify(created)).toContain("PLAIN");
  expect(JSON.stringify(withoutSecrets(created))).not.toContain("PLAIN");
});

test("tells the application what the cloud answered", async () => {
  const created = await create(staging, cloud);
  const backend = JSON.stringify(
    created.find(({ name, type }) => name === "netra-backend-staging" && type === "gcp:cloudrunv2/service:Service")
      ?.inputs,
  );
  for (const variable of [
    '{"name":"POSTGRES_HOST","value":"10.107.0.3"}',
    '{"name":"POSTGRES_PORT","value":"5432"}',
    '{"name":"POSTGRES_DB","value":"netra_staging"}',
    '{"name":"POSTGRES_USER","value":"netra_backend_a"}',
    '{"name":"REDIS_HOST","value":"10.166.204.83"}',
    '{"name":"REDIS_PORT","value":"6379"}',
  ])
    expect(backend).toContain(variable);
});

test("a rotation adds a version and the other database user, and keeps the ones before", async () => {
  const rotated = await preview({ "netra:secrets": { POSTGRES_PASSWORD: { rotation: 2, version: 2 } } });
  const of = (type: string) =>
    rotated.filter((resource) => resource.type.endsWith(`:${type}`) && /postgres-password|netra_/.test(resource.name));
  expect(of("SecretVersion").map(({ name, inputs }) => [name, inputs.enabled])).toEqual([
    ["postgres-password-staging-r1", true],
    ["postgres-password-staging-r2", true],
  ]);
  expect(of("RandomPassword").map(({ name }) => name)).toEqual([
    "postgres-password-staging-r1",
    "postgres-password-staging-r2",
  ]);
  expect(of("User").map(({ name }) => name)).toEqual([
    "netra_admin",
    "netra_auth_a",
    "netra_backend_a",
    "netra_auth_b",
    "netra_backend_b",
  ]);
  const backend = JSON.stringify(named("netra-backend-staging", rotated).inputs);
  expect(backend).toContain('{"name":"POSTGRES_USER","value":"netra_backend_b"}');
  expect(backend).toContain('{"secret":"postgres-password-staging","version":"2"}');
});

test("disabling the earlier rotation lets its version and its user go", async () => {
  const rotated = await preview({
    "netra:secrets": { POSTGRES_PASSWORD: { rotation: 2, version: 2, disabledThroughRotation: 1 } },
  });
  const versions = rotated.filter(
    ({ name, type }) => type.endsWith(":SecretVersion") && name.startsWith("postgres-password"),
  );
  expect(versions.map(({ name }) => name)).toEqual(["postgres-password-staging-r2"]);
  expect(rotated.filter(({ type }) => type === "gcp:sql/user:User").map(({ name }) => name)).toEqual([
    "netra_admin",
    "netra_auth_b",
    "netra_backend_b",
  ]);
});

test("fails before a service mounts a version that the cloud numbered differently", async () => {
  const services: string[] = [];
  const renumbered: Cloud = (resource) => {
    if (resource.type === "gcp:cloudrunv2/service:Service") services.push(resource.name);
    return resource.type === "gcp:secretmanager/secretVersion:SecretVersion" &&
      resource.name === "jwt-secret-staging-r1"
      ? { version: "3" }
      : cloud(resource);
  };
  await expect(create(staging, renumbered)).rejects.toThrow(
    "'netra:secrets.JWT_SECRET_KEY.version' (1) must be 3 because Secret Manager called the version of rotation 1 3; set 'netra:secrets.JWT_SECRET_KEY.version' to 3 before services mount it",
  );
  expect(services).not.toContain("netra-auth-service");
  expect(services).not.toContain("netra-backend-staging");
});
