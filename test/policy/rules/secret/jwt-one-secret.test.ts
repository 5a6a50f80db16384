import { describe, expect, test } from "vitest";
import { jwtOneSecret } from "../../../../policy/rules/secret/jwt-one-secret";
import { type Declared, judgeStack, stackFindings, UNKNOWN } from "../../harness";
import { type Overrides, soundJob, soundService, soundServiceV1, soundWorkerPool } from "../../services";

const judge = (resources: readonly Declared[]) => judgeStack(jwtOneSecret, resources);
const messages = async (resources: readonly Declared[]) => (await judge(resources)).map((found) => found.message);

const taking = (name: string, secret: unknown, version: unknown, overrides: Overrides = {}) =>
  soundService({
    ...overrides,
    name,
    properties: { name, ...overrides.properties },
    variables: { JWT_SECRET_KEY: { value: "", valueSource: { secretKeyRef: { secret, version } } } },
  });
const long = "projects/netra-staging/secrets/jwt-secret-staging";

describe("accepts", () => {
  test("one secret at one version in every kind of workload", async () => {
    expect(await judge([soundService(), soundJob(), soundWorkerPool(), soundServiceV1()])).toEqual([]);
  });

  test("the same secret by its id and by its full name, the same version as a text and as a number", async () => {
    expect(await judge([taking("backend", "jwt-secret-staging", "1"), taking("auth", long, 1)])).toEqual([]);
    const inProject = { properties: { project: "netra-staging" } };
    expect(await judge([taking("backend", "jwt-secret-staging", "1", inProject), taking("auth", long, 1)])).toEqual([]);
    expect(
      await judge([taking("backend", "projects/123456/secrets/jwt-secret-staging", "1"), taking("auth", long, 1)]),
    ).toEqual([]);
  });

  test("a v1 service's alias for a secret of another project", async () => {
    const v1 = soundServiceV1({
      annotations: { "run.googleapis.com/secrets": `other:projects/x/secrets/y, jwt:${long}` },
      variables: { JWT_SECRET_KEY: { valueFrom: { secretKeyRef: { name: "jwt", key: "1" } } } },
    });
    expect(await judge([taking("backend", long, "1"), v1])).toEqual([]);
  });

  test("a workload without the variable, and one with a literal, which another rule refuses", async () => {
    const without = soundService({ name: "frontend", variables: { JWT_SECRET_KEY: undefined } });
    const literal = soundService({ name: "literal", variables: { JWT_SECRET_KEY: "hunter2" } });
    expect(await judge([soundService(), without, literal])).toEqual([]);
  });
});

test("advises other programs of two secrets, and refuses two versions of one", () => {
  const levels = (...stack: readonly Declared[]) => stackFindings(jwtOneSecret, stack).map(({ level }) => level);
  expect(levels(taking("backend", "shop-jwt", "1"), taking("auth", "blog-jwt", "1"))).toEqual(["advisory"]);
  expect(levels(taking("backend", "shop-jwt", "1"), taking("auth", "shop-jwt", "2"))).toEqual(["mandatory"]);
});

describe("refuses", () => {
  test("another secret, and blames the one that differs from the others", async () => {
    const stack = [
      taking("backend", "jwt-secret", "1"),
      taking("auth", "jwt-secret-staging", "1"),
      taking("chat", "jwt-secret-staging", "1"),
    ];
    expect(await judge(stack)).toEqual([
      {
        message:
          "'template.containers[0].envs[JWT_SECRET_KEY]' (jwt-secret, version 1) must be what auth uses (jwt-secret-staging, version 1) because a token that one service signs must verify in every other; set 'template.containers[0].envs[JWT_SECRET_KEY]' to jwt-secret-staging, version 1",
        resource: "backend",
        waived: false,
      },
    ]);
  });

  test.each([
    ["another version", taking("auth", long, "2")],
    ["latest beside a number", taking("auth", long, "latest")],
    ["the same id in another project", taking("auth", "projects/netra-production/secrets/jwt-secret-staging", "1")],
    [
      "its own project's secret of that id",
      taking("auth", "jwt-secret-staging", "1", { properties: { project: "netra-production" } }),
    ],
    [
      "another version in a v1 service",
      soundServiceV1({ variables: { JWT_SECRET_KEY: { valueFrom: { secretKeyRef: { name: long, key: "2" } } } } }),
    ],
  ])("%s", async (_, other) => {
    expect(
      (await judge([taking("backend", long, "1"), taking("chat", long, "1"), other])).map((f) => f.resource),
    ).toEqual([other.name]);
  });

  test("latest, whoever takes it: what is proposed must be a version's number", async () => {
    const stack = [taking("auth", long, "latest"), taking("backend", long, "latest"), taking("chat", long, "1")];
    expect((await judge(stack)).map((found) => found.resource)).toEqual(["auth", "backend"]);
  });

  test("another version in a file, which its own name or its secret's shows to be the key", async () => {
    const mounting = (secret: string, item: object) =>
      soundService({
        name: "auth",
        variables: { JWT_SECRET_KEY: undefined },
        pod: { volumes: [{ name: "keys", secret: { secret, items: [item] } }] },
      });
    const item = { path: "key", version: "2" };
    expect(await messages([taking("backend", long, "1"), mounting(long, item)])).toEqual([
      "'template.volumes[0].secret.items[0].version' (projects/netra-staging/secrets/jwt-secret-staging, version 2) must be what backend uses (projects/netra-staging/secrets/jwt-secret-staging, version 1) because a token that one service signs must verify in every other; set 'template.volumes[0].secret.items[0].version' to projects/netra-staging/secrets/jwt-secret-staging, version 1",
    ]);
    expect(
      await messages([taking("backend", long, "1"), mounting("other", { path: "JWT_SECRET_KEY", version: "1" })]),
    ).toHaveLength(1);
    expect(await messages([taking("backend", long, "1"), mounting(long, { ...item, version: "1" })])).toEqual([]);
    expect(await messages([taking("backend", long, "1"), mounting("certificate", item)])).toEqual([]);
  });

  test("a sidecar that takes another version than its neighbour", async () => {
    const sidecar = {
      envs: [{ name: "JWT_SECRET_KEY", valueSource: { secretKeyRef: { secret: "jwt-secret-staging", version: "2" } } }],
    };
    const [message] = await messages([soundService({ sidecars: [sidecar] })]);
    expect(message).toContain("'template.containers[1].envs[JWT_SECRET_KEY]' (jwt-secret-staging, version 2)");
  });

  test("never shows what stands where a version should", async () => {
    const [message] = await messages([taking("backend", long, "1"), taking("auth", long, "hunter2")]);
    expect(message).toContain("version not a number");
    expect(message).not.toContain("hunter2");
  });
});

describe("cannot evaluate", () => {
  test("a version or a secret that is unknown at preview, and still compares the others", async () => {
    const found = await judge([taking("backend", long, UNKNOWN), taking("auth", long, "1"), taking("chat", long, "2")]);
    expect(found.map((f) => f.resource)).toEqual(["backend", "chat"]);
    expect(found[0]?.message).toContain(
      "cannot evaluate: 'template.containers[0].envs[8].valueSource.secretKeyRef.version' is not known at preview",
    );
    expect(await messages([taking("backend", UNKNOWN, "1")])).toHaveLength(1);
    // Other programs take the version that they make by its output.
    expect(stackFindings(jwtOneSecret, [taking("backend", long, UNKNOWN)]).map(({ level }) => level)).toEqual([
      "advisory",
    ]);
  });

  test.each([
    ["no version", long, null],
    ["an empty version, as outputs have it", long, ""],
    ["no secret", undefined, "1"],
    ["a secret whose name is none", "projects/x", "1"],
  ])("%s", async (_, secret, version) => {
    expect(await messages([taking("backend", secret, version)])).toEqual([
      "cannot evaluate: template.containers[0].envs[JWT_SECRET_KEY] must name a secret, by its id or as projects/<project>/secrets/<id>, and a version's number",
    ]);
  });
});
