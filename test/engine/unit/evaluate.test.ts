import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { evaluate, secretTexts, withoutSecrets } from "../../../engine/evaluate";
import { UNKNOWN } from "../../../policy/framework/unknown";
import { refusal } from "../../fixtures/programs";

const configuration = {
  "gcp:project": "netra-staging",
  "gcp:region": "us-central1",
  "netra:connector": { minInstances: 3 },
};
const run = (program: () => object | undefined) => evaluate("staging", configuration, () => program() ?? {});
const errorOf = async (program: () => object) => (await refusal(configuration, program)).error;

test("gives the program its stack, its project and its configuration, sections as objects", async () => {
  let seen: unknown;
  await run(() => {
    seen = [
      pulumi.getStack(),
      pulumi.getProject(),
      new pulumi.Config("gcp").require("region"),
      new pulumi.Config().requireObject("connector"),
    ];
    return undefined;
  });
  expect(seen).toEqual(["staging", "netra", "us-central1", { minInstances: 3 }]);
});

test("sorts the keys of sections, as the engine does: the order of a program's lists may follow them", async () => {
  let keys: string[] = [];
  await evaluate("staging", { "gcp:project": "p", "netra:secrets": { Z: { id: "z", at: 1 }, A: {} } }, () => {
    const secrets = new pulumi.Config().requireObject<Record<string, object>>("secrets");
    keys = [...Object.keys(secrets), ...Object.keys(secrets.Z ?? {})];
    return {};
  });
  expect(keys).toEqual(["A", "Z", "at", "id"]);
});

test("is a preview: what only exists after creation is unknown, and what depends on it", async () => {
  let isDryRun = false;
  const registered = await run(() => {
    isDryRun = pulumi.runtime.isDryRun();
    const network = new gcp.compute.Network("vpc", { name: "vpc" });
    const id = pulumi.interpolate`id ${network.id}`;
    new gcp.compute.Subnetwork("subnet", {
      name: network.name,
      network: network.id,
      description: id,
      ipCidrRange: "10.0.0.0/24",
    });
    return undefined;
  });
  expect(isDryRun).toBe(true);
  expect(registered.at(-1)?.inputs).toEqual({
    name: "vpc",
    network: UNKNOWN,
    description: UNKNOWN,
    ipCidrRange: "10.0.0.0/24",
  });
});

test("knows a service account's address before it exists, as the provider does", async () => {
  const registered = await run(() => {
    const account = new gcp.serviceaccount.Account("auth", { accountId: "netra-auth" });
    new gcp.projects.IAMMember("grant", {
      project: "netra-staging",
      role: "roles/cloudsql.client",
      member: account.member,
    });
    return undefined;
  });
  expect(registered.at(-1)?.inputs.member).toBe("serviceAccount:netra-auth@netra-staging.iam.gserviceaccount.com");
});

test("records what the mocks of the SDK hide: options, parents, dependencies", async () => {
  const registered = await run(() => {
    const parent = new pulumi.ComponentResource("test:index:Parent", "parent");
    const first = new gcp.compute.Network("first", { name: "first" }, { parent });
    new gcp.compute.Network(
      "second",
      { name: "second" },
      {
        dependsOn: [first],
        protect: true,
        ignoreChanges: ["description"],
        deleteBeforeReplace: true,
        retainOnDelete: true,
        import: "projects/p/global/networks/second",
      },
    );
    return undefined;
  });
  expect(registered.find(({ name }) => name === "first")).toMatchObject({
    parent: "urn:pulumi:staging::netra::test:index:Parent::parent",
    urn: "urn:pulumi:staging::netra::test:index:Parent$gcp:compute/network:Network::first",
    custom: true,
  });
  expect(registered.find(({ name }) => name === "second")).toMatchObject({
    dependencies: ["urn:pulumi:staging::netra::test:index:Parent$gcp:compute/network:Network::first"],
    options: {
      protect: true,
      import: "projects/p/global/networks/second",
      ignoreChanges: ["description"],
      deleteBeforeReplace: true,
      retainOnDelete: true,
    },
  });
});

test("gives a property its value whether it is read before, after or never", async () => {
  const [before, after] = [[] as unknown[], [] as unknown[]];
  let network: gcp.compute.Network | undefined;
  await run(() => {
    const created = new gcp.compute.Network("vpc", { name: "vpc", description: pulumi.secret("hidden") });
    network = created;
    created.name.apply((name) => before.push(name));
    created.urn.apply(() => created.description.apply((text) => before.push(text)));
    return undefined;
  });
  expect(before).toEqual(["vpc", "hidden"]);
  const late = network?.description;
  late?.apply((text) => after.push(text));
  expect([network?.description === late, await pulumi.isSecret(pulumi.output(late))]).toEqual([true, true]);
  expect(after).toEqual(["hidden"]);
  expect(Object.keys(network ?? {})).toContain("routingMode");
});

test("shows a secret as such and an unknown one as unknown", async () => {
  const registered = await run(() => {
    const network = new gcp.compute.Network("vpc", { name: "vpc" });
    new gcp.compute.Network("secretive", { name: pulumi.secret("hunter2"), description: pulumi.secret(network.id) });
    return undefined;
  });
  expect(withoutSecrets(registered.at(-1)?.inputs)).toEqual({ name: "[secret]", description: UNKNOWN });
  expect(secretTexts(registered.at(-1)?.inputs)).toEqual(["hunter2"]);
});

test("throws what the program throws", async () => {
  const error = await errorOf(() => {
    throw new pulumi.RunError("refused");
  });
  expect(pulumi.RunError.isInstance(error)).toBe(true);
  expect((error as Error).message).toBe("refused");
});

test("throws what an Output throws, wherever it is used, instead of waiting for ever", async () => {
  const failing = () =>
    pulumi.output("x").apply((): string => {
      throw new Error("in an output");
    });
  const inResource = await errorOf(() => {
    new gcp.compute.Network("vpc", { name: failing() });
    return {};
  });
  expect(String(inResource)).toContain("in an output");
  expect(String(await errorOf(() => ({ output: failing() })))).toContain("in an output");
});

test("reports a program that calls the cloud", async () => {
  const error = await errorOf(() => ({
    project: gcp.organizations.getProject({ projectId: "p" }).then(({ number }) => number),
  }));
  expect((error as Error).message).toBe(
    "the program calls the cloud (gcp:organizations/getProject:getProject), which is impossible in an evaluation without credentials",
  );
});

test("evaluates again after a failure as if nothing had been", async () => {
  await errorOf(() => {
    throw new Error("once");
  });
  expect(
    (await run(() => new gcp.compute.Network("vpc", { name: "vpc" }) && undefined)).map(({ name }) => name),
  ).toEqual(["netra-staging", "vpc"]);
});

test("evaluates two programs at once one after the other: each has its own stack, configuration and resources", async () => {
  const named = (stack: string, name: string) =>
    evaluate(stack, { "gcp:project": stack, "netra:connector": { name } }, () => {
      const { name } = new pulumi.Config().requireObject<{ name: string }>("connector");
      return new gcp.compute.Network(name, { name, description: pulumi.getStack() });
    });
  const failing = errorOf(() => {
    throw new Error("in between");
  });
  const [staging, error, other] = await Promise.all([named("staging", "vpc"), failing, named("other", "lan")]);
  const shown = (resources: typeof staging) => resources.map(({ urn, inputs }) => [urn, inputs]);
  expect(shown(staging)).toEqual([
    ["urn:pulumi:staging::netra::pulumi:pulumi:Stack::netra-staging", {}],
    ["urn:pulumi:staging::netra::gcp:compute/network:Network::vpc", { name: "vpc", description: "staging" }],
  ]);
  expect(String(error)).toBe("Error: in between");
  expect(shown(other)).toEqual([
    ["urn:pulumi:other::netra::pulumi:pulumi:Stack::netra-other", {}],
    ["urn:pulumi:other::netra::gcp:compute/network:Network::lan", { name: "lan", description: "other" }],
  ]);
});
