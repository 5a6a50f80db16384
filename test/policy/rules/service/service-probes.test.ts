import { expect, test } from "vitest";
import { serviceProbes } from "../../../../policy/rules/service/service-probes";
import { messages, UNKNOWN } from "../../harness";
import { soundJob, soundService, soundServiceV1, soundWorkerPool } from "../../services";

type Probe = Record<string, unknown>;
const httpGet = { path: "/health", port: 8000 };
const having = (probe: string, fields: Probe) =>
  messages(serviceProbes, soundService({ container: { [probe]: { httpGet, ...fields } } }));
const range = (field: string, value: number, range: string, kind: string, fix: number) =>
  `'template.containers[0].${kind}Probe.${field}' (${value}) must be a whole number ${range} because Cloud Run refuses the ${kind} probe otherwise, after the preview; set 'template.containers[0].${kind}Probe.${field}' to ${fix}`;

test("accepts the limits of every field, and the provider's defaults", async () => {
  expect(
    await having("startupProbe", {
      initialDelaySeconds: 600,
      periodSeconds: 600,
      timeoutSeconds: 600,
      failureThreshold: 1,
    }),
  ).toEqual([]);
  expect(
    await having("livenessProbe", {
      initialDelaySeconds: 0,
      periodSeconds: 3600,
      timeoutSeconds: 3600,
      failureThreshold: 1,
    }),
  ).toEqual([]);
  expect(await having("readinessProbe", { successThreshold: 2 })).toEqual([]);
  expect(await having("startupProbe", {})).toEqual([]);
  for (const handler of [{ tcpSocket: {} }, { grpc: { port: 8000 } }, { httpGet: { path: "/" } }])
    expect(await messages(serviceProbes, soundService({ container: { livenessProbe: handler } }))).toEqual([]);
});

test("refuses every field out of its range", async () => {
  expect(await having("startupProbe", { initialDelaySeconds: -1 })).toEqual([
    range("initialDelaySeconds", -1, "from 0 to 600", "startup", 0),
  ]);
  expect(await having("startupProbe", { periodSeconds: 0 })).toEqual([
    range("periodSeconds", 0, "from 1 to 600", "startup", 1),
  ]);
  expect(await having("startupProbe", { periodSeconds: 601 })).toEqual([
    range("periodSeconds", 601, "from 1 to 600", "startup", 600),
  ]);
  expect(await having("startupProbe", { timeoutSeconds: 0 })).toEqual([
    range("timeoutSeconds", 0, "from 1 to 600", "startup", 1),
  ]);
  expect(await having("startupProbe", { failureThreshold: 0 })).toEqual([
    range("failureThreshold", 0, "of at least 1", "startup", 1),
  ]);
  expect(await having("livenessProbe", { periodSeconds: 3601 })).toEqual([
    range("periodSeconds", 3601, "from 1 to 3600", "liveness", 3600),
  ]);
  expect(await having("livenessProbe", { failureThreshold: -3, timeoutSeconds: -1 })).toEqual([
    range("timeoutSeconds", -1, "from 1 to 3600", "liveness", 1),
    range("failureThreshold", -3, "of at least 1", "liveness", 1),
  ]);
  expect(await having("readinessProbe", { periodSeconds: 0, successThreshold: 0 })).toEqual([
    range("periodSeconds", 0, "from 1 to 3600", "readiness", 1),
    "'template.containers[0].readinessProbe.successThreshold' (0) must be a whole number of at least 1 because it counts successes in a row; set 'template.containers[0].readinessProbe.successThreshold' to 2",
  ]);
});

test("refuses a time-out longer than the period", async () => {
  expect(await having("livenessProbe", { periodSeconds: 10, timeoutSeconds: 11 })).toEqual([
    "'template.containers[0].livenessProbe.timeoutSeconds' (11) must not exceed 'template.containers[0].livenessProbe.periodSeconds' (10) because a probe must have ended before the next one begins; set 'template.containers[0].livenessProbe.timeoutSeconds' to 10",
  ]);
  expect(await having("startupProbe", { timeoutSeconds: 11 })).toHaveLength(1); // the period's default is 10
});

test("refuses a probe without a handler and with two", async () => {
  const refused = (value: string) =>
    `'template.containers[0].livenessProbe' (${value}) must have exactly one of httpGet, tcpSocket and grpc because Cloud Run asks in one way and refuses a probe with none or two; set 'template.containers[0].livenessProbe' to httpGet with the path and port of the health endpoint`;
  const liveness = (livenessProbe: Probe) => messages(serviceProbes, soundService({ container: { livenessProbe } }));
  expect(await liveness({ periodSeconds: 10 })).toEqual([refused("without a handler")]);
  expect(await liveness({})).toEqual([refused("without a handler")]);
  expect(await liveness({ httpGet, tcpSocket: { port: 8000 } })).toEqual([refused("httpGet and tcpSocket")]);
});

test("refuses a probe on a port where the application does not listen", async () => {
  const probe = { httpGet: { path: "/health", port: 8081 } };
  expect(await messages(serviceProbes, soundService({ container: { livenessProbe: probe } }))).toEqual([
    "'template.containers[0].livenessProbe.httpGet.port' (8081) must be the containerPort (8000) because the application listens nowhere else; set 'template.containers[0].livenessProbe.httpGet.port' to 8000",
  ]);
  const byDefault = soundService({ container: { ports: undefined, startupProbe: undefined, livenessProbe: probe } });
  expect((await messages(serviceProbes, byDefault))[0]).toContain("must be the containerPort (8080)");
  // A sidecar states no port that its probe could miss.
  expect(
    await messages(serviceProbes, soundService({ sidecars: [{ image: "sidecar:1.0.0", livenessProbe: probe }] })),
  ).toEqual([]);
});

test("refuses a probe of what listens at 127.0.0.1 only, once a container", async () => {
  const proxy = (args: unknown[], ...probes: object[]) => {
    const [startupProbe, livenessProbe] = probes;
    const container = {
      name: "proxy",
      image: "cloud-sql-connectors/cloud-sql-proxy:2.15.2",
      args,
      startupProbe,
      livenessProbe,
    };
    return messages(serviceProbes, soundService({ sidecars: [container] }));
  };
  const tcp = { tcpSocket: { port: 5432 } };
  const refused = [
    "'template.containers[1].args' (--address=127.0.0.1) must let the probe's port 5432 answer at every address because Cloud Run's probes come from outside the container and reach no listener at 127.0.0.1; set 'template.containers[1].args' to these with --address=0.0.0.0, or with --health-check and --http-address=0.0.0.0, and the probe to httpGet of /startup on port 9090",
  ];
  expect(await proxy(["--port=5432", UNKNOWN], tcp)).toEqual(refused);
  expect(await proxy(["--port=5432", UNKNOWN], tcp, tcp)).toEqual(refused);
  expect(await proxy(["--port=5432", "--address=0.0.0.0", UNKNOWN], tcp)).toEqual([]);
  expect(
    await proxy(["--health-check", "--http-address=0.0.0.0", UNKNOWN], { httpGet: { path: "/startup", port: 9090 } }),
  ).toEqual([]);
  // Nobody asks it.
  expect(await proxy(["--port=5432", UNKNOWN])).toEqual([]);
  // The port of a probe that names none is the container's.
  const [own] = await messages(
    serviceProbes,
    soundService({ container: { args: ["--host=127.0.0.1"], startupProbe: { httpGet: { path: "/health" } } } }),
  );
  expect(own).toContain("must let the probe's port 8000 answer at every address");
});

test("reads v1 services, worker pools and jobs", async () => {
  for (const declare of [soundServiceV1, soundWorkerPool, soundJob])
    expect(
      (
        await messages(
          serviceProbes,
          declare({ container: { startupProbe: { tcpSocket: { port: 8000 }, periodSeconds: 0 } } }),
        )
      )[0],
    ).toMatch(/containers\[0\]\.startupProbe\.periodSeconds' \(0\) must be a whole number from 1 to 600/);
});

test("reports what it cannot evaluate, and goes on with the other probes", async () => {
  const found = await messages(
    serviceProbes,
    soundService({
      container: { startupProbe: { httpGet, periodSeconds: UNKNOWN }, livenessProbe: { httpGet, failureThreshold: 0 } },
    }),
  );
  expect(found).toEqual([
    "cannot evaluate: 'template.containers[0].startupProbe.periodSeconds' is not known at preview; give it a plain value instead of another resource's output",
    range("failureThreshold", 0, "of at least 1", "liveness", 1),
  ]);
  expect(await having("livenessProbe", { httpGet: { port: "http" } })).toEqual([
    "cannot evaluate: template.containers[0].livenessProbe.httpGet.port must be a number",
  ]);
});
