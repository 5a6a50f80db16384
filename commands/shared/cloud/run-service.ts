import { parseCpu } from "../../../capacity/units";
import { Inputs } from "../../../policy/framework/inputs";
import { cloudName } from "../../../policy/resources/cloud-name";

/*
 * A Cloud Run service or job as the pack judges it and the program declares it: the v2 resource's properties. gcloud
 * prints the Knative v1 form, in which half of them are annotations; the REST API prints v2.
 */

type Properties = Record<string, unknown>;

/** The field in which Google reports that something does not work. */
export interface Unready {
  readonly field: string;
  /** Absent: the state is not shown. */
  readonly value: string | undefined;
  readonly message: string;
  /** The newest revision of a service, where another one or none serves. */
  readonly failedRevision?: string;
}

/** One service in the program's terms. */
export interface RunService {
  readonly name: string;
  readonly location: string;
  /** Properties that are not set are `undefined`. */
  readonly inputs: Properties;
  /** Why it does not serve, or that its state is not shown; absent: it serves, or is a job. */
  readonly unready?: Unready;
}

const REVISION = {
  minScale: "autoscaling.knative.dev/minScale",
  maxScale: "autoscaling.knative.dev/maxScale",
  connector: "run.googleapis.com/vpc-access-connector",
  egress: "run.googleapis.com/vpc-access-egress",
  interfaces: "run.googleapis.com/network-interfaces",
  databases: "run.googleapis.com/cloudsql-instances",
  environment: "run.googleapis.com/execution-environment",
  boost: "run.googleapis.com/startup-cpu-boost",
  throttling: "run.googleapis.com/cpu-throttling",
  affinity: "run.googleapis.com/sessionAffinity",
  unchecked: "run.googleapis.com/health-check-disabled",
  secrets: "run.googleapis.com/secrets",
} as const;
const SERVICE = {
  minScale: "run.googleapis.com/minScale",
  maxScale: "run.googleapis.com/maxScale",
  mode: "run.googleapis.com/scalingMode",
  manual: "run.googleapis.com/manualInstanceCount",
  ingress: "run.googleapis.com/ingress",
  open: "run.googleapis.com/invoker-iam-disabled",
} as const;
const SOCKET_VOLUME = "cloudsql";

/** @throws MalformedValueError where a field has another type than Google gives it. */
export function knativeService(raw: Inputs): RunService {
  const metadata = raw.object("metadata");
  const own = metadata.object("annotations");
  const template = raw.object("spec").object("template");
  const annotations = template.object("metadata").object("annotations");
  const spec = template.object("spec");
  const scaling = {
    minInstanceCount: annotations.number(REVISION.minScale),
    maxInstanceCount: annotations.number(REVISION.maxScale),
  };
  const status = raw.object("status");
  const ready = status.list("conditions").find((condition) => condition.text("type") === "Ready");
  return {
    name: metadata.text("name") ?? "",
    location: metadata.object("labels").text("cloud.googleapis.com/location") ?? "",
    ...notServing(
      {
        field: "status.latestReadyRevisionName",
        created: status.text("latestCreatedRevisionName"),
        ready: status.text("latestReadyRevisionName"),
      },
      unreadyUnless("True", {
        field: "status.conditions[Ready].status",
        value: ready?.text("status"),
        message: ready?.text("message") ?? "",
      }),
    ),
    inputs: {
      name: metadata.text("name"),
      location: metadata.object("labels").text("cloud.googleapis.com/location"),
      labels: labelsOf(metadata),
      ingress: ingressOf(own.text(SERVICE.ingress)),
      invokerIamDisabled: own.flag(SERVICE.open) ?? false,
      scaling: {
        minInstanceCount: own.number(SERVICE.minScale),
        maxInstanceCount: own.number(SERVICE.maxScale),
        scalingMode: own.text(SERVICE.mode)?.toUpperCase(),
        manualInstanceCount: own.number(SERVICE.manual),
      },
      template: {
        labels: labelsOf(template.object("metadata")),
        ...knativePod(annotations, spec),
        maxInstanceRequestConcurrency: spec.number("containerConcurrency"),
        sessionAffinity: annotations.flag(REVISION.affinity),
        healthCheckDisabled: annotations.flag(REVISION.unchecked),
        scaling: scaling,
      },
      traffics: raw
        .object("spec")
        .list("traffic")
        .map((share) =>
          trafficOf(
            share.flag("latestRevision") === true,
            share.text("revisionName"),
            status.text("latestCreatedRevisionName"),
            share,
          ),
        ),
    },
  };
}

/** What a service's revision and a job's task have in common. */
function knativePod(annotations: Inputs, spec: Inputs): Properties {
  const databases = (annotations.text(REVISION.databases) ?? "").split(",").flatMap((text) => text.trim() || []);
  const aliases = new Map(
    (annotations.text(REVISION.secrets) ?? "")
      .split(",")
      .map((entry) => [entry.split(":")[0]?.trim(), entry.split(":")[1]?.trim()]),
  );
  const resources = {
    // Cloud Run throttles by default.
    cpuIdle: annotations.flag(REVISION.throttling) ?? true,
    startupCpuBoost: annotations.flag(REVISION.boost) ?? false,
  };
  const environment = annotations.text(REVISION.environment);
  const containers = spec.list("containers").map((container, i) => ({
    ...containerOf(container, resources),
    envs: container.list("env").map((variable) => {
      const reference = variable.object("valueFrom").object("secretKeyRef");
      const secret = reference.text("name");
      return variableOf(
        variable,
        secret === undefined
          ? undefined
          : { secret: aliases.get(secret) ?? secret, version: reference.textOrNumber("key") },
      );
    }),
    // The annotation opens the socket in every container; the first one represents all.
    volumeMounts: [
      ...mountsOf(container),
      ...(databases.length > 0 && i === 0 ? [{ name: SOCKET_VOLUME, mountPath: "/cloudsql" }] : []),
    ],
  }));
  return {
    serviceAccount: spec.text("serviceAccountName"),
    executionEnvironment: environment && `EXECUTION_ENVIRONMENT_${environment.toUpperCase()}`,
    timeout: spec.number("timeoutSeconds") === undefined ? undefined : `${spec.number("timeoutSeconds")}s`,
    vpcAccess: vpcAccess(
      annotations.text(REVISION.connector),
      annotations.text(REVISION.egress),
      interfacesOf(annotations),
    ),
    containers,
    volumes: [
      ...spec.list("volumes").map(knativeVolume),
      ...(databases.length > 0 ? [{ name: SOCKET_VOLUME, cloudSqlInstance: { instances: databases } }] : []),
    ],
  };
}

/** @throws MalformedValueError where a field has another type than Google gives it. */
export function knativeJob(raw: Inputs): RunService {
  const metadata = raw.object("metadata");
  const execution = raw.object("spec").object("template");
  const spec = execution.object("spec");
  const [name, location] = [
    metadata.text("name") ?? "",
    metadata.object("labels").text("cloud.googleapis.com/location") ?? "",
  ];
  const task = knativePod(execution.object("metadata").object("annotations"), spec.object("template").object("spec"));
  return { name, location, inputs: jobInputs(name, location, spec, task) };
}

/** @throws MalformedValueError where a field has another type than Google gives it. */
export function restJob(raw: Inputs): RunService {
  const { location = "", name = "" } = cloudName(raw.text("name")) ?? {};
  const execution = raw.object("template");
  return { name, location, inputs: jobInputs(name, location, execution, restPod(execution.object("template"))) };
}

/** At most `parallelism` tasks run at once. */
function jobInputs(name: string, location: string, execution: Inputs, template: Properties): Properties {
  const [taskCount, parallelism] = [execution.number("taskCount"), execution.number("parallelism")];
  return { name, location, template: { taskCount, parallelism, template } };
}

/** @throws MalformedValueError where a field has another type than Google gives it. */
export function restService(raw: Inputs): RunService {
  const { location = "", name = "" } = cloudName(raw.text("name")) ?? {};
  const template = raw.object("template");
  const scaling = (at: Inputs) => ({
    minInstanceCount: at.number("minInstanceCount"),
    maxInstanceCount: at.number("maxInstanceCount"),
    scalingMode: at.text("scalingMode"),
    manualInstanceCount: at.number("manualInstanceCount"),
  });
  const ready = raw.object("terminalCondition");
  const created = cloudName(raw.text("latestCreatedRevision"))?.name;
  return {
    name,
    location,
    ...notServing(
      { field: "latestReadyRevision", created, ready: cloudName(raw.text("latestReadyRevision"))?.name },
      unreadyUnless("CONDITION_SUCCEEDED", {
        field: "terminalCondition.state",
        value: ready.text("state"),
        message: ready.text("message") ?? "",
      }),
    ),
    inputs: {
      name,
      location,
      labels: labelsOf(raw),
      ingress: raw.text("ingress"),
      invokerIamDisabled: raw.flag("invokerIamDisabled") ?? false,
      scaling: scaling(raw.object("scaling")),
      template: {
        labels: labelsOf(template),
        ...restPod(template),
        maxInstanceRequestConcurrency: template.number("maxInstanceRequestConcurrency"),
        sessionAffinity: template.flag("sessionAffinity"),
        healthCheckDisabled: template.flag("healthCheckDisabled"),
        scaling: scaling(template.object("scaling")),
      },
      traffics: raw
        .list("traffic")
        .map((share) => trafficOf(share.text("type") === LATEST, share.text("revision"), created, share)),
    },
  };
}

/** What a service's revision and a job's task have in common. */
function restPod(template: Inputs): Properties {
  const access = template.object("vpcAccess");
  const containers = template.list("containers").map((container) => {
    const resources = container.object("resources");
    return {
      // Google does not print false.
      ...containerOf(container, {
        cpuIdle: resources.flag("cpuIdle") ?? false,
        startupCpuBoost: resources.flag("startupCpuBoost") ?? false,
      }),
      envs: container.list("env").map((variable) => {
        const reference = variable.object("valueSource").object("secretKeyRef");
        const secret = reference.text("secret");
        return variableOf(
          variable,
          secret === undefined ? undefined : { secret, version: reference.textOrNumber("version") },
        );
      }),
      volumeMounts: mountsOf(container),
    };
  });
  return {
    serviceAccount: template.text("serviceAccount"),
    executionEnvironment: template.text("executionEnvironment"),
    timeout: template.text("timeout"),
    vpcAccess: vpcAccess(
      access.text("connector"),
      access.text("egress"),
      access.list("networkInterfaces").map(interfaceOf),
    ),
    containers,
    volumes: template.list("volumes").map((volume) => ({
      name: volume.text("name"),
      cloudSqlInstance: volume.has("cloudSqlInstance")
        ? { instances: volume.object("cloudSqlInstance").texts("instances") }
        : undefined,
      secret: volume.has("secret") ? mountedSecret(volume.object("secret"), "secret", "version") : undefined,
    })),
  };
}

/** Empty where the value means that the resource works. */
export const unreadyUnless = (well: string, state: Unready): { readonly unready?: Unready } =>
  state.value === well ? {} : { unready: state };

const LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST";

function containerOf(
  container: Inputs,
  resources: { readonly cpuIdle: boolean; readonly startupCpuBoost: boolean },
): Properties {
  const limits = container.object("resources").object("limits");
  const cpu = limits.text("cpu");
  const vcpus = cpu === undefined ? undefined : parseCpu(cpu);
  const [port] = container.list("ports");
  return {
    name: container.text("name"),
    image: container.text("image"),
    commands: stated(container, "command"),
    args: stated(container, "args"),
    ports: port && { containerPort: port.number("containerPort"), name: port.text("name") },
    resources: {
      limits: { cpu: vcpus === undefined ? cpu : String(vcpus), memory: limits.text("memory") },
      ...resources,
    },
    startupProbe: probeOf(container, "startupProbe"),
    livenessProbe: probeOf(container, "livenessProbe"),
    readinessProbe: probeOf(container, "readinessProbe"),
  };
}

/** An empty list is not printed. */
const stated = (container: Inputs, key: string) => (container.has(key) ? container.texts(key) : undefined);

function probeOf(container: Inputs, key: string): Properties | undefined {
  if (!container.has(key)) return undefined;
  const probe = container.object(key);
  const handler = (kind: string) =>
    probe.has(kind) ? { path: probe.object(kind).text("path"), port: probe.object(kind).number("port") } : undefined;
  return {
    httpGet: handler("httpGet"),
    tcpSocket: handler("tcpSocket"),
    grpc: handler("grpc"),
    initialDelaySeconds: probe.number("initialDelaySeconds"),
    periodSeconds: probe.number("periodSeconds"),
    timeoutSeconds: probe.number("timeoutSeconds"),
    failureThreshold: probe.number("failureThreshold"),
  };
}

/** An empty value is not printed. */
function variableOf(
  variable: Inputs,
  secretKeyRef: { readonly secret: string; readonly version: string | undefined } | undefined,
): Properties {
  const name = variable.text("name");
  return secretKeyRef ? { name, valueSource: { secretKeyRef } } : { name, value: variable.text("value") ?? "" };
}

const mountsOf = (container: Inputs) =>
  container.list("volumeMounts").map((mount) => ({ name: mount.text("name"), mountPath: mount.text("mountPath") }));

function knativeVolume(volume: Inputs): Properties {
  return {
    name: volume.text("name"),
    secret: volume.has("secret") ? mountedSecret(volume.object("secret"), "secretName", "key") : undefined,
  };
}

function mountedSecret(secret: Inputs, nameKey: string, versionKey: string): Properties {
  return {
    secret: secret.text(nameKey),
    items: secret.list("items").map((item) => ({ path: item.text("path"), version: item.textOrNumber(versionKey) })),
  };
}

function vpcAccess(
  connector: string | undefined,
  egress: string | undefined,
  networkInterfaces: readonly Properties[],
): Properties | undefined {
  if (connector === undefined && egress === undefined && networkInterfaces.length === 0) return undefined;
  return {
    connector,
    egress: egress?.toUpperCase().replaceAll("-", "_").replace(/^ALL$/, "ALL_TRAFFIC"),
    networkInterfaces: networkInterfaces.length > 0 ? networkInterfaces : undefined,
  };
}

const interfaceOf = (item: Inputs) => ({ network: item.text("network"), subnetwork: item.text("subnetwork") });

/** v1 has them as JSON in an annotation. */
function interfacesOf(annotations: Inputs): Properties[] {
  const text = annotations.text(REVISION.interfaces);
  if (!text) return [];
  try {
    const list: unknown = JSON.parse(text);
    return new Inputs({ list }, annotations.path).list("list").map(interfaceOf);
  } catch {
    return [];
  }
}

const INGRESS: Readonly<Record<string, string>> = {
  all: "INGRESS_TRAFFIC_ALL",
  internal: "INGRESS_TRAFFIC_INTERNAL_ONLY",
  "internal-and-cloud-load-balancing": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
};
const ingressOf = (ingress: string | undefined) =>
  ingress !== undefined && Object.hasOwn(INGRESS, ingress) ? INGRESS[ingress] : ingress;

/** Google's own labels stand among the user's in v1. */
function labelsOf(inputs: Inputs): Properties {
  const labels = inputs.object("labels");
  return Object.fromEntries(
    labels
      .keys()
      .flatMap((key) => (/googleapis\.com\/|^goog-|knative\.dev\//.test(key) ? [] : [[key, labels.text(key)]])),
  );
}

/** A share that is pinned to the newest revision runs the template that is shown. */
function trafficOf(
  isLatest: boolean,
  revision: string | undefined,
  created: string | undefined,
  share: Inputs,
): Properties {
  const runsTemplate = isLatest || (revision !== undefined && cloudName(revision)?.name === created);
  return {
    type: runsTemplate ? LATEST : "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION",
    revision: runsTemplate ? undefined : revision,
    percent: share.number("percent"),
  };
}

/**
 * Adds what serves instead where the newest revision, whose template is shown and judged, is not the one that is ready.
 */
function notServing(
  revisions: { readonly field: string; readonly created: string | undefined; readonly ready: string | undefined },
  { unready }: { readonly unready?: Unready },
): { readonly unready?: Unready } {
  const { field, created, ready } = revisions;
  if (!created || created === ready) return unready ? { unready } : {};
  const instead = `${created} is judged, and ${ready || "no revision"} serves`;
  if (!unready) return { unready: { field, value: ready || "none", message: instead, failedRevision: created } };
  return {
    unready: {
      ...unready,
      message: unready.message === "" ? instead : `${instead}; ${unready.message}`,
      failedRevision: created,
    },
  };
}
