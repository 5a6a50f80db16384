import { expect, test } from "vitest";
import { serviceContainers } from "../../../policy/rules/service-containers";
import { messages, UNKNOWN } from "../harness";
import { soundJob, soundService, soundServiceV1, soundWorkerPool } from "../services";

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
  expect(await messages(serviceContainers, soundService({ sidecars: [{ ...sidecar, ports: { containerPort: 9000 } }] }))).toEqual([
    refused("2 of 2 with ports"),
  ]);
  expect(await messages(serviceContainers, soundService({ container: { ports: undefined }, sidecars: [sidecar] }))).toEqual([refused("0 of 2 with ports")]);
});

test("refuses a port that does not exist, and two ports of one container", async () => {
  for (const port of [0, -1, 70000])
    expect(await messages(serviceContainers, soundService({ container: { ports: { containerPort: port } } }))).toEqual([
      `'template.containers[0].ports.containerPort' (${port}) must be a whole number from 1 to 65535 because TCP has no other ports; set 'template.containers[0].ports.containerPort' to 8080`,
    ]);
  expect(await messages(serviceContainers, soundServiceV1({ container: { ports: [{ containerPort: 8000 }, { containerPort: 9000 }] } }))).toEqual([
    "'template.spec.containers[0].ports' (2 ports) must have one port because Cloud Run sends requests to one port; set 'template.spec.containers[0].ports' to the one that takes requests",
  ]);
});

test("refuses a mount of a volume that is not there", async () => {
  const mounting = (name: unknown, volumes: unknown) =>
    messages(serviceContainers, soundService({ container: { volumeMounts: [{ name, mountPath: "/cloudsql" }] }, pod: { volumes } }));
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

test("reports what it cannot evaluate", async () => {
  expect(await messages(serviceContainers, soundService({ pod: { containers: UNKNOWN } }))).toEqual([
    "cannot evaluate: 'template.containers' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages(serviceContainers, soundService({ container: { ports: "8000" } }))).toContain(
    "cannot evaluate: template.containers[0].ports must be an object",
  );
  expect(await messages(serviceContainers, soundService({ pod: { sandboxes: { templates: [{ name: "run", image: "run:1.0.0" }] } } }))).toEqual([
    "cannot evaluate: 'template.sandboxes' runs further containers, which this pack does not read; remove it",
  ]);
});
