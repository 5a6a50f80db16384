import { expect, test } from "vitest";
import { serviceStartupProbe } from "../../../../policy/rules/service/service-startup-probe";
import { messages, UNKNOWN } from "../../harness";
import { soundJob, soundService, soundServiceV1, soundWorkerPool } from "../../services";

const PROBE = "template.containers[0].startupProbe";
const httpGet = { path: "/health", port: 8000 };
const probed = (startupProbe: unknown, variables: Record<string, string | undefined> = {}, config: object = {}) =>
  messages(serviceStartupProbe, soundService({ container: { startupProbe }, variables }), config);
const withoutDatabase = { POSTGRES_HOST: undefined, DB_POOL_SIZE: undefined, DB_INIT_TIMEOUT_SECONDS: undefined };

test("accepts a window that covers boot and initialisation within 600 seconds, and 1800 with a GPU", async () => {
  expect(await probed({ httpGet, periodSeconds: 10, failureThreshold: 9 })).toEqual([]); // 90 s = 15 + 75
  expect(await probed({ httpGet, periodSeconds: 10, failureThreshold: 60 })).toEqual([]);
  expect(await probed({ httpGet, periodSeconds: 20, failureThreshold: 30, initialDelaySeconds: 60 })).toEqual([]);
  const gpu = { limits: { cpu: "8", memory: "32Gi", "nvidia.com/gpu": "1" } };
  const loading = { httpGet, periodSeconds: 60, failureThreshold: 30 };
  expect(
    await messages(serviceStartupProbe, soundService({ container: { startupProbe: loading, resources: gpu } })),
  ).toEqual([]);
  // 80 + 10 x 3
  expect(await probed({ httpGet: {}, initialDelaySeconds: 80 }, { DB_INIT_TIMEOUT_SECONDS: "95" })).toEqual([]);
  // gRPC's health protocol is the application's answer, too
  expect(await probed({ grpc: {}, periodSeconds: 10, failureThreshold: 9 })).toEqual([]);
  expect(await probed({ httpGet }, withoutDatabase)).toEqual([]); // the provider's 10 x 3 = 30 s
});

test("refuses a service without a start-up probe that the application answers", async () => {
  const refused = (value: string) =>
    `'${PROBE}' (${value}) must be an HTTP or gRPC probe because only an answer of the application shows that it is there: the default TCP probe passes as soon as the server listens, and traffic hangs; set '${PROBE}' to httpGet with the path and port (8000) of the health endpoint`;
  for (const absent of [undefined, null]) expect(await probed(absent)).toEqual([refused("not set")]);
  expect(await probed({ tcpSocket: { port: 8000 }, failureThreshold: 12 })).toEqual([refused("tcpSocket")]);
  expect(await probed({ failureThreshold: 12 })).toEqual([refused("without a handler")]);
});

test("refuses a window shorter than boot and initialisation", async () => {
  expect(await probed({ httpGet, periodSeconds: 10, failureThreshold: 3 })).toEqual([
    `'${PROBE}.failureThreshold' (3) must give the start at least 90 s (it gives 0 + 10 s x 3 = 30 s) because Cloud Run kills the container when the window closes, while boot and database initialisation may still be running; set '${PROBE}.failureThreshold' to 9`,
  ]);
  // The plan's default where the container does not state its initialisation.
  expect((await probed({ httpGet, failureThreshold: 8 }, { DB_INIT_TIMEOUT_SECONDS: undefined }))[0]).toContain(
    "must give the start at least 90 s",
  );
  expect((await probed({ httpGet, failureThreshold: 1 }, withoutDatabase))[0]).toContain(
    "must give the start at least 15 s",
  );
});

test("takes boot and initialisation from its configuration", async () => {
  expect(await probed({ httpGet, failureThreshold: 9 }, {}, { services: {}, bootSeconds: 20 })).toHaveLength(1);
  expect(
    await probed(
      { httpGet, failureThreshold: 5 },
      { DB_INIT_TIMEOUT_SECONDS: undefined },
      { services: {}, bootSeconds: 20, initTimeoutSeconds: 30 },
    ),
  ).toEqual([]);
});

test("refuses a window of more than 600 seconds, and an initialisation that none can cover", async () => {
  expect(await probed({ httpGet, periodSeconds: 10, failureThreshold: 61 })).toEqual([
    `'${PROBE}.failureThreshold' (61) must keep the start-up window within 600 s (it is 10 s x 61 = 610 s) because Cloud Run refuses the probe otherwise, after the preview; set '${PROBE}.failureThreshold' to 60`,
  ]);
  expect((await probed({ httpGet, failureThreshold: 24 }, { DB_INIT_TIMEOUT_SECONDS: "700" }))[0]).toMatch(
    /must give the start at least 715 s .*; set '.*' to 60, and shorten boot and database initialisation from 715 s to at most 600 s$/,
  );
  expect(
    (await probed({ httpGet, periodSeconds: 400, failureThreshold: 1 }, { DB_INIT_TIMEOUT_SECONDS: "500" }))[0],
  ).toMatch(/ to 52 with a period of 10 s and no initial delay$/);
});

test("asks the container that takes the requests, not its sidecars", async () => {
  expect(await messages(serviceStartupProbe, soundService({ sidecars: [{ image: "sidecar:1.0.0" }] }))).toEqual([]);
  const other = soundService({
    container: { ports: undefined, startupProbe: undefined },
    sidecars: [{ image: "proxy:1.0.0", ports: { containerPort: 8080 } }],
  });
  expect((await messages(serviceStartupProbe, other))[0]).toMatch(
    /^'template\.containers\[1\]\.startupProbe' \(not set\)/,
  );
  expect(await messages(serviceStartupProbe, soundJob())).toEqual([]);
  expect(await messages(serviceStartupProbe, soundWorkerPool())).toEqual([]);
});

test("reads a v1 service", async () => {
  expect((await messages(serviceStartupProbe, soundServiceV1({ container: { startupProbe: undefined } })))[0]).toMatch(
    /^'template\.spec\.containers\[0\]\.startupProbe' \(not set\) must be an HTTP or gRPC probe/,
  );
});

test("reports what it cannot evaluate", async () => {
  expect(await probed({ httpGet, failureThreshold: UNKNOWN })).toEqual([
    `cannot evaluate: 'template.containers[0].startupProbe.failureThreshold' is not known at preview; give it a plain value instead of another resource's output`,
  ]);
  expect(await probed({ httpGet, failureThreshold: "often" })).toEqual([
    `cannot evaluate: ${PROBE}.failureThreshold must be a number`,
  ]);
  expect(await probed({ httpGet, failureThreshold: 12 }, { DB_INIT_TIMEOUT_SECONDS: UNKNOWN })).toEqual([
    "cannot evaluate: 'template.containers[0].envs[DB_INIT_TIMEOUT_SECONDS]' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await probed({ httpGet, failureThreshold: 12 }, { DB_INIT_TIMEOUT_SECONDS: "75s" })).toEqual([
    "cannot evaluate: template.containers[0].envs[DB_INIT_TIMEOUT_SECONDS] must be a number of seconds",
  ]);
});
