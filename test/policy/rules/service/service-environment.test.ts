import { expect, test } from "vitest";
import { serviceEnvironment } from "../../../../policy/rules/service/service-environment";
import { messages, UNKNOWN } from "../../harness";
import { soundJob, soundService, soundServiceV1, soundWorkerPool } from "../../services";

const secretKeyRef = { secret: "postgres-password-staging", version: "1" };
const withEnvs = (...envs: unknown[]) => messages(serviceEnvironment, soundService({ container: { envs } }));

test("accepts literals, empty ones too, secrets and values that are not known at preview", async () => {
  expect(
    await withEnvs(
      { name: "LOG_LEVEL", value: "info" },
      { name: "PREFIX", value: "" },
      { name: "spring.profiles.active", value: "staging" },
      { name: "POSTGRES_HOST", value: UNKNOWN },
      { name: "POSTGRES_PASSWORD", valueSource: { secretKeyRef } },
      { name: "REDIS_PASSWORD", value: "", valueSource: { secretKeyRef } }, // as outputs have it
      { name: "API_KEY", value: null, valueSource: { secretKeyRef: { secret: UNKNOWN, version: "1" } } },
    ),
  ).toEqual([]);
});

test("refuses variables that Cloud Run sets itself, in every kind of workload", async () => {
  expect(await withEnvs({ name: "PORT", value: "8000" }, { name: "K_SERVICE", value: "backend" })).toEqual([
    "'template.containers[0].envs[PORT]' must not be set because Cloud Run sets it itself, from 'ports.containerPort'; remove it",
    "'template.containers[0].envs[K_SERVICE]' must not be set because Cloud Run sets it itself; remove it",
  ]);
  for (const declare of [soundJob, soundWorkerPool, soundServiceV1])
    expect(await messages(serviceEnvironment, declare({ variables: { CLOUD_RUN_TASK_INDEX: "0" } }))).toHaveLength(1);
});

test("refuses a name that is set twice, even to one value", async () => {
  expect(await withEnvs({ name: "LOG_LEVEL", value: "info" }, { name: "LOG_LEVEL", value: "info" })).toEqual([
    "'template.containers[0].envs[LOG_LEVEL]' must be set once because one of several values wins by chance; remove the others",
  ]);
  const sidecar = { image: "sidecar:1.0.0", envs: [{ name: "DB_POOL_SIZE", value: "3" }] };
  expect(await messages(serviceEnvironment, soundService({ sidecars: [sidecar] }))).toEqual([]); // another container's
});

test("refuses what is no name, and does not repeat it", async () => {
  const refused = (value: string) =>
    `'template.containers[0].envs[0].name' (${value}) must be a name without spaces and '=' because Cloud Run refuses any other; set 'template.containers[0].envs[0].name' to a name such as LOG_LEVEL`;
  for (const empty of ["", null, undefined])
    expect(await withEnvs({ name: empty, value: "x" })).toEqual([refused("empty")]);
  for (const odd of ["API_KEY=hunter2", "LOG LEVEL", " LOG_LEVEL"])
    expect(await withEnvs({ name: odd, value: "x" })).toEqual([refused("not shown")]);
});

test("refuses a variable with a value and a secret, and one with neither", async () => {
  expect(await withEnvs({ name: "A", value: "x", valueSource: { secretKeyRef } })).toEqual([
    "'template.containers[0].envs[A]' must have either a value or a secret because Cloud Run refuses both; remove one of them",
  ]);
  for (const neither of [{ name: "A" }, { name: "A", value: null, valueSource: null }])
    expect(await withEnvs(neither)).toEqual([
      "'template.containers[0].envs[A]' (not set) must have a value or a secret because it has neither; set 'template.containers[0].envs[A]' to a value (\"\" for an empty one) or a secretKeyRef",
    ]);
});

test("refuses a reference that names no secret", async () => {
  const refused =
    "'template.containers[0].envs[0].valueSource.secretKeyRef.secret' (not set) must name a secret because the variable otherwise has no value; set 'template.containers[0].envs[0].valueSource.secretKeyRef.secret' to the secret's id";
  for (const valueSource of [{}, { secretKeyRef: {} }, { secretKeyRef: { secret: "", version: "1" } }])
    expect(await withEnvs({ name: "A", valueSource })).toEqual([refused]);
});

test("refuses the text that JavaScript makes of an Output", async () => {
  const value =
    "http://Calling [toString] on an [Output<T>] is not supported.\n\nTo get the value of an Output<T> as an Output<string> consider";
  expect(await withEnvs({ name: "API_URL", value })).toEqual([
    "'template.containers[0].envs[API_URL]' must be a value because it contains JavaScript's text for an Output; set 'template.containers[0].envs[API_URL]' with pulumi.interpolate or apply instead of a template literal",
  ]);
});

test("refuses envFroms of a v1 service", async () => {
  expect(await messages(serviceEnvironment, soundServiceV1({ container: { envFroms: [] } }))).toEqual([]);
  expect(await messages(serviceEnvironment, soundServiceV1({ container: { envFroms: [{ prefix: "DB_" }] } }))).toEqual([
    "'template.spec.containers[0].envFroms' must not be set because Cloud Run does not support it; set 'envs' instead",
  ]);
});

test("reports what it cannot evaluate, and goes on with the other containers", async () => {
  const sidecar = { image: "sidecar:1.0.0", envs: [{ name: "PORT", value: "1" }] };
  expect(
    await messages(serviceEnvironment, soundService({ container: { envs: UNKNOWN }, sidecars: [sidecar] })),
  ).toEqual([
    "cannot evaluate: 'template.containers[0].envs' is not known at preview; give it a plain value instead of another resource's output",
    "'template.containers[1].envs[PORT]' must not be set because Cloud Run sets it itself, from 'ports.containerPort'; remove it",
  ]);
  expect(await withEnvs({ name: "A", value: ["hunter2"] })).toEqual([
    "cannot evaluate: template.containers[0].envs[0].value must be a text",
  ]);
});
