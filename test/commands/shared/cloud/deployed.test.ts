import { expect, test } from "vitest";
import { evidenceOf } from "../../../../commands/diagnose/evidence";
import { collectFromFiles } from "../../../../commands/shared/cloud/collect-files";
import { deployedFrom } from "../../../../commands/shared/cloud/deployed";
import { knativeService, restService } from "../../../../commands/shared/cloud/run-service";
import { Inputs } from "../../../../policy/framework/inputs";
import { collectionOf, fixture, LOCATION } from "../../diagnose/fixtures";

const [auth, backend] = fixture("healthy", "services.json");

test("the Knative form and v2 of a service are the same resource", () => {
  const { inputs } = knativeService(new Inputs(auth));
  // as knativeService makes it
  const template = inputs.template as { readonly containers: readonly { readonly envs: object[] }[] };
  const [container] = template.containers;
  const rest = {
    ...fixture("healthy", "frontend.json"),
    name: "projects/netra-staging/locations/us-central1/services/netra-auth-service",
  };
  rest.template = {
    ...rest.template,
    serviceAccount: "netra-auth@netra-staging.iam.gserviceaccount.com",
    containers: [
      {
        ...rest.template.containers[0],
        image: "us-central1-docker.pkg.dev/netra-staging/netra/auth:1.0.0",
        env: container?.envs,
        ports: [{ name: "http1", containerPort: 8080 }],
        startupProbe: {
          timeoutSeconds: 5,
          periodSeconds: 10,
          failureThreshold: 9,
          httpGet: { path: "/health", port: 8080 },
        },
        livenessProbe: {
          timeoutSeconds: 10,
          periodSeconds: 30,
          failureThreshold: 3,
          httpGet: { path: "/health", port: 8080 },
        },
      },
    ],
  };
  expect(restService(new Inputs(rest)).inputs).toEqual(inputs);
});

test("annotations become the properties that the pack judges", () => {
  const changed = structuredClone(backend);
  Object.assign(changed.spec.template.metadata.annotations, {
    "run.googleapis.com/vpc-access-egress": "all",
    "run.googleapis.com/cloudsql-instances": "p:us-central1:a, p:us-central1:b",
    "run.googleapis.com/secrets": "lookup:projects/other/secrets/jwt",
    "run.googleapis.com/network-interfaces": '[{"network":"n","subnetwork":"s"}]',
  });
  changed.spec.template.spec.containers[0].env = [
    { name: "EMPTY" },
    { name: "JWT_SECRET_KEY", valueFrom: { secretKeyRef: { name: "lookup", key: "3" } } },
  ];
  expect(knativeService(new Inputs(changed)).inputs.template).toMatchObject({
    vpcAccess: { egress: "ALL_TRAFFIC", networkInterfaces: [{ network: "n", subnetwork: "s" }] },
    volumes: [{ name: "cloudsql", cloudSqlInstance: { instances: ["p:us-central1:a", "p:us-central1:b"] } }],
    containers: [
      {
        envs: [
          { name: "EMPTY", value: "" },
          {
            name: "JWT_SECRET_KEY",
            valueSource: { secretKeyRef: { secret: "projects/other/secrets/jwt", version: "3" } },
          },
        ],
        volumeMounts: [{ name: "cloudsql", mountPath: "/cloudsql" }],
        resources: { limits: { cpu: "2", memory: "4Gi" }, cpuIdle: false, startupCpuBoost: true },
      },
    ],
  });
});

test("what Google says is not ready", () => {
  const changed = structuredClone(backend);
  changed.status.conditions[0] = {
    type: "Ready",
    status: "False",
    reason: "HealthCheckContainerFailed",
    message: "The user-provided container failed to start.",
  };
  expect(knativeService(new Inputs(changed)).unready).toEqual({
    field: "status.conditions[Ready].status",
    value: "False",
    message: "The user-provided container failed to start.",
  });
  const rest = {
    ...fixture("healthy", "frontend.json"),
    terminalCondition: { type: "Ready", state: "CONDITION_FAILED", message: "quota" },
  };
  expect(restService(new Inputs(rest)).unready).toEqual({
    field: "terminalCondition.state",
    value: "CONDITION_FAILED",
    message: "quota",
  });
});

test("what serves is another revision than the one that is shown", () => {
  const older = "netra-backend-staging-00117-abc";
  const pinned = (revision: string) => {
    const changed = structuredClone(backend);
    changed.spec.traffic = [{ revisionName: revision, percent: 100 }];
    return knativeService(new Inputs(changed)).inputs.traffics;
  };
  expect(pinned(older)).toEqual([{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision: older, percent: 100 }]);
  expect(pinned(backend.status.latestCreatedRevisionName)).toEqual([
    { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent: 100 },
  ]);

  const instead = `${backend.status.latestCreatedRevisionName} is judged, and ${older} serves`;
  const failed = structuredClone(backend);
  failed.status.latestReadyRevisionName = older;
  expect(knativeService(new Inputs(failed)).unready).toEqual({
    field: "status.latestReadyRevisionName",
    value: older,
    message: instead,
    failedRevision: backend.status.latestCreatedRevisionName,
  });
  failed.status.conditions[0] = {
    type: "Ready",
    status: "False",
    message: "The user-provided container failed to start.",
  };
  expect(knativeService(new Inputs(failed)).unready).toEqual({
    field: "status.conditions[Ready].status",
    value: "False",
    message: `${instead}; The user-provided container failed to start.`,
    failedRevision: backend.status.latestCreatedRevisionName,
  });
  const rest = {
    ...fixture("healthy", "frontend.json"),
    latestReadyRevision: "projects/p/locations/l/services/s/revisions/netra-frontend-staging-00016-xyz",
  };
  expect(restService(new Inputs(rest)).unready).toMatchObject({
    field: "latestReadyRevision",
    value: "netra-frontend-staging-00016-xyz",
  });
});

test("Cloud SQL's names and texts become the provider's, with the addresses as outputs", () => {
  const { deployed, notes } = deployedFrom(collectFromFiles(collectionOf("healthy"), LOCATION), LOCATION);
  expect(notes).toEqual([]);
  expect(deployed.find(({ source }) => source === "instances")).toMatchObject({
    id: "projects/netra-staging/instances/staging-shared-postgres",
    inputs: { settings: { diskSize: 20, diskAutoresize: true, ipConfiguration: { ipv4Enabled: false } } },
    outputs: { privateIpAddress: "10.107.0.3", connectionName: "netra-staging:us-central1:staging-shared-postgres" },
  });
});

test("a connector's throughput is a setting only where it has no instances", () => {
  const [connector] = fixture("healthy", "connectors.json");
  const inputs = (object: object) =>
    deployedFrom(
      {
        ...collectFromFiles(collectionOf("healthy"), LOCATION),
        objects: [{ source: "connectors", object: object as Record<string, unknown>, from: "" }],
      },
      LOCATION,
    ).deployed[0]?.inputs; // an object has such keys
  expect(inputs(connector)).not.toHaveProperty("maxThroughput");
  const { minInstances: _, maxInstances: __, ...withoutInstances } = connector;
  expect(inputs(withoutInstances)).toMatchObject({ minThroughput: 300, maxThroughput: 1000 });
});

test("evidence stands where gcloud prints it, and a variable's value is never read there", () => {
  const { deployed } = deployedFrom(collectFromFiles(collectionOf("healthy"), LOCATION), LOCATION);
  const evidence = (name: string, setting: string) => {
    const resource = deployed.find((one) => one.name === name);
    if (!resource) throw new Error(name);
    return evidenceOf(resource, setting, "told");
  };
  expect(evidence("netra-auth-service", "template.vpcAccess.egress")).toEqual({
    field: "spec.template.metadata.annotations[run.googleapis.com/vpc-access-egress]",
    value: "private-ranges-only",
  });
  expect(evidence("netra-auth-service", "template.containers[0].startupProbe.failureThreshold")).toEqual({
    field: "spec.template.spec.containers[0].startupProbe.failureThreshold",
    value: "9",
  });
  expect(evidence("netra-frontend-staging", "template.vpcAccess.egress")).toEqual({
    field: "template.vpcAccess.egress",
    value: "PRIVATE_RANGES_ONLY",
  });
  expect(evidence("staging-shared-postgres", "settings.databaseFlags[max_connections]")).toEqual({
    field: "settings.databaseFlags[max_connections]",
    value: "150",
  });
  expect(evidence("staging-shared-postgres", "settings.diskSize")).toEqual({
    field: "settings.dataDiskSizeGb",
    value: "20",
  });
  expect(evidence("netra-auth-service", "template.containers[0].envs[SERVICE_ID]")).toEqual({
    field: "spec.template.spec.containers[0].env[SERVICE_ID]",
    value: "told",
  });
});
