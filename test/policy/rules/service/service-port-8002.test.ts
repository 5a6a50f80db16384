import { expect, test } from "vitest";
import { servicePort8002 } from "../../../../policy/rules/service/service-port-8002";
import { messages, UNKNOWN } from "../../harness";
import { soundJob, soundService, soundServiceV1, soundWorkerPool } from "../../services";

const naming = (value: unknown) => messages(servicePort8002, soundService({ variables: { ANALYTICS: { value } } }));

test("accepts other ports, and texts in which 8002 is no port", async () => {
  for (const value of [
    "8000",
    "80020",
    "http://analytics:80021",
    "sha256:8002ab",
    "8002fe1",
    "https://x/8002",
    "",
    UNKNOWN,
    null,
  ])
    expect(await naming(value)).toEqual([]);
});

test("refuses a variable that names the port", async () => {
  for (const value of [
    "8002",
    " 8002 ",
    "http://analytics:8002",
    "http://analytics:8002/v1",
    "a:8001,b:8002",
    "analytics:8002",
  ])
    expect(await naming(value)).toEqual([
      "'template.containers[0].envs[ANALYTICS]' must not name port 8002 because no service was ever there and whatever points to it hangs; set 'template.containers[0].envs[ANALYTICS]' to a service that exists, or remove it",
    ]);
});

test("refuses a container and its probes on the port", async () => {
  const on8002 = { httpGet: { path: "/health", port: 8002 } };
  const refused = (setting: string) =>
    `'${setting}' (8002) must not be 8002 because no service was ever there and whatever points to it hangs; set '${setting}' to the port the application listens on`;
  expect(
    await messages(
      servicePort8002,
      soundService({ container: { ports: { containerPort: 8002 }, startupProbe: on8002 } }),
    ),
  ).toEqual([
    refused("template.containers[0].ports.containerPort"),
    refused("template.containers[0].startupProbe.httpGet.port"),
  ]);
  expect(await messages(servicePort8002, soundServiceV1({ container: { ports: [{ containerPort: 8002 }] } }))).toEqual([
    refused("template.spec.containers[0].ports[0].containerPort"),
  ]);
});

test("reads every kind of workload", async () => {
  for (const declare of [soundJob, soundWorkerPool, soundServiceV1])
    expect(await messages(servicePort8002, declare({ variables: { ANALYTICS_PORT: "8002" } }))).toHaveLength(1);
});

test("does not need to know which secret a variable comes from", async () => {
  const unknownSecret = { valueSource: { secretKeyRef: { secret: UNKNOWN, version: UNKNOWN } } };
  expect(await messages(servicePort8002, soundService({ variables: { API_KEY: unknownSecret } }))).toEqual([]);
});

test("reports what it cannot evaluate, and goes on with the rest", async () => {
  const found = await messages(
    servicePort8002,
    soundService({ container: { ports: { containerPort: UNKNOWN } }, variables: { ANALYTICS: "8002" } }),
  );
  expect(found).toEqual([
    "cannot evaluate: 'template.containers[0].ports.containerPort' is not known at preview; give it a plain value instead of another resource's output",
    expect.stringContaining("envs[ANALYTICS]' must not name port 8002"),
  ]);
  expect(await naming({ port: 8002 })).toEqual([
    "cannot evaluate: template.containers[0].envs[9].value must be a text",
  ]);
});
