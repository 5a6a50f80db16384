import { describe, expect, test } from "vitest";
import { serviceContainers } from "../../../../policy/rules/service/service-containers";
import { messages, UNKNOWN } from "../../harness";
import { soundJob, soundService, soundServiceV1, soundWorkerPool } from "../../services";

const sidecar = { image: "sidecar:1.0.0" };

test("accepts one container with or without a port, and sidecars beside the one with a port", async () => {
  for (const ports of [undefined, null, {}, { containerPort: 1 }, { containerPort: 65535 }])
    expect(await messages(serviceContainers, soundService({ container: { ports } }))).toEqual([]);
  expect(await messages(serviceContainers, soundService({ sidecars: [sidecar, sidecar] }))).toEqual([]);
  expect(await messages(serviceContainers, soundJob({ sidecars: [sidecar] }))).toEqual([]);
});

test("refuses a workload without a container", async () => {
  for (const containers of [undefined, null, []])
    expect(await messages(serviceContainers, soundService({ pod: { containers } }))).toEqual([
      "'template.containers' (0) must have at least one container because there is nothing to run otherwise; set 'template.containers' to a container with an image",
    ]);
  expect(await messages(serviceContainers, soundWorkerPool({ properties: { template: null } }))).toHaveLength(1);
});

test("refuses a service with two containers that take requests, and with none among several", async () => {
  const refused = (value: string) =>
    `'template.containers' (${value}) must have exactly one container with ports because Cloud Run sends requests to one container, and the others are its sidecars; set 'template.containers' to one container with ports`;
  expect(
    await messages(serviceContainers, soundService({ sidecars: [{ ...sidecar, ports: { containerPort: 9000 } }] })),
  ).toEqual([refused("2 of 2 with ports")]);
  expect(
    await messages(serviceContainers, soundService({ container: { ports: undefined }, sidecars: [sidecar] })),
  ).toEqual([refused("0 of 2 with ports")]);
});

test("refuses a port that does not exist, and two ports of one container", async () => {
  for (const port of [0, -1, 70000])
    expect(await messages(serviceContainers, soundService({ container: { ports: { containerPort: port } } }))).toEqual([
      `'template.containers[0].ports.containerPort' (${port}) must be a whole number from 1 to 65535 because TCP has no other ports; set 'template.containers[0].ports.containerPort' to 8080`,
    ]);
  expect(
    await messages(
      serviceContainers,
      soundServiceV1({ container: { ports: [{ containerPort: 8000 }, { containerPort: 9000 }] } }),
    ),
  ).toEqual([
    "'template.spec.containers[0].ports' (2 ports) must have one port because Cloud Run sends requests to one port; set 'template.spec.containers[0].ports' to the one that takes requests",
  ]);
});

test("refuses a mount of a volume that is not there", async () => {
  const mounting = (name: unknown, volumes: unknown) =>
    messages(
      serviceContainers,
      soundService({ container: { volumeMounts: [{ name, mountPath: "/cloudsql" }] }, pod: { volumes } }),
    );
  const volumes = [{ name: "cloudsql", cloudSqlInstance: { instances: [UNKNOWN] } }];
  expect(await mounting("cloudsql", volumes)).toEqual([]);
  expect(await mounting("cloud-sql", volumes)).toEqual([
    "'template.containers[0].volumeMounts[0].name' (cloud-sql) must be the name of a volume because 'template.volumes' has none of that name; set 'template.containers[0].volumeMounts[0].name' to cloudsql",
  ]);
  expect(await mounting("cloudsql", undefined)).toEqual([
    "'template.containers[0].volumeMounts[0].name' (cloudsql) must be the name of a volume because 'template.volumes' has none of that name; set 'template.containers[0].volumeMounts[0].name' to a volume's name",
  ]);
  expect(await mounting("", [{ name: "" }])).toHaveLength(1);
});

describe("containers that wait for others", () => {
  const app = (dependsOns: unknown) => ({ name: "app", dependsOns });
  const proxy = { name: "proxy", image: "cloud-sql-proxy:2.15.2", startupProbe: { tcpSocket: { port: 5432 } } };
  const { startupProbe: _, ...withoutProbe } = proxy;
  const started = (dependsOns: unknown, ...sidecars: object[]) =>
    messages(
      serviceContainers,
      soundService({ container: app(dependsOns), sidecars: sidecars.map((container) => ({ ...container })) }),
    );
  const noProbe = (setting: string, fix = "a port") =>
    `'${setting}.startupProbe' (not set) must be a probe of proxy because app waits for it, and Cloud Run refuses a container that others wait for without a start-up probe; set '${setting}.startupProbe' to httpGet or tcpSocket with ${fix} on which it listens at every address`;

  test("accepts one that has a start-up probe, and names that a preview does not know", async () => {
    for (const names of [undefined, null, [], ["proxy"], UNKNOWN, [UNKNOWN]])
      expect(await started(names, proxy)).toEqual([]);
    // Cloud Run itself gives the container that takes requests one.
    expect(
      await messages(
        serviceContainers,
        soundService({
          container: { name: "app", startupProbe: undefined },
          sidecars: [{ ...proxy, dependsOns: ["app"] }],
        }),
      ),
    ).toEqual([]);
  });

  test("refuses one without a start-up probe, once for all that wait for it", async () => {
    expect(await started(["proxy"], withoutProbe)).toEqual([noProbe("template.containers[1]")]);
    expect(await started(["proxy"], withoutProbe, { name: "worker", dependsOns: ["proxy"] })).toEqual([
      noProbe("template.containers[1]"),
    ]);
    for (const declare of [soundJob, soundWorkerPool])
      expect(
        await messages(serviceContainers, declare({ container: app(["proxy"]), sidecars: [withoutProbe] })),
      ).toHaveLength(1);
  });

  test("refuses a name that no container has", async () => {
    expect(await started(["cloud-sql-proxy"], proxy)).toEqual([
      "'template.containers[0].dependsOns[0]' (cloud-sql-proxy) must be the name of another container because Cloud Run refuses any other name; set 'template.containers[0].dependsOns[0]' to proxy",
    ]);
    expect(await started(["proxy"])).toHaveLength(1);
  });

  test("refuses a circle once, of one container or of several", async () => {
    const refused = (setting: string, value: string, from: string) =>
      `'${setting}' (${value}) must not lead back to ${from} because containers that wait for each other never start, and Cloud Run refuses them; set '${setting}' to a container that does not wait for ${from}, or leave it out`;
    expect(await started(["app"])).toEqual([refused("template.containers[0].dependsOns[0]", "app", "app")]);
    expect(
      await started(["proxy"], { ...withoutProbe, dependsOns: ["worker"] }, { name: "worker", dependsOns: ["app"] }),
    ).toEqual([refused("template.containers[0].dependsOns[0]", "proxy", "app")]);
  });

  test("reads v1's annotation", async () => {
    const annotated = (order: unknown, sidecar: object = withoutProbe) =>
      messages(
        serviceContainers,
        soundServiceV1({
          container: { name: "app" },
          annotations: { "run.googleapis.com/container-dependencies": order },
          sidecars: [{ ...sidecar }],
        }),
      );
    expect(await annotated('{"app":["proxy"]}')).toEqual([noProbe("template.spec.containers[1]")]);
    expect(await annotated('{"app":["proxy"]}', proxy)).toEqual([]);
    expect(await annotated(UNKNOWN)).toEqual([]);
    expect(await annotated("app: proxy")).toEqual([
      "cannot evaluate: template.metadata.annotations.run.googleapis.com/container-dependencies must be an object in JSON",
    ]);
  });
});

test("reports what it cannot evaluate", async () => {
  expect(await messages(serviceContainers, soundService({ pod: { containers: UNKNOWN } }))).toEqual([
    "cannot evaluate: 'template.containers' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages(serviceContainers, soundService({ container: { ports: "8000" } }))).toContain(
    "cannot evaluate: template.containers[0].ports must be an object",
  );
  expect(
    await messages(
      serviceContainers,
      soundService({ pod: { sandboxes: { templates: [{ name: "run", image: "run:1.0.0" }] } } }),
    ),
  ).toEqual([
    "cannot evaluate: 'template.sandboxes' runs further containers, which this pack does not read; remove it",
  ]);
});
