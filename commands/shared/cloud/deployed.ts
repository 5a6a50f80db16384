import {
  ALERT_POLICY,
  CONNECTOR,
  NETWORK,
  REDIS,
  ROUTER,
  ROUTER_NAT,
  RUN_JOB,
  RUN_SERVICE,
  SECRETS,
  SQL_INSTANCE,
  SUBNETWORK,
} from "../../../config/resource-types";
import { Inputs, MalformedValueError } from "../../../policy/framework/inputs";
import type { ProgramResource } from "../../../policy/framework/judgement";
import { cloudName, regionIn } from "../../../policy/resources/cloud-name";
import { type Workload, workloadOf } from "../../../policy/resources/workload";
import { type CloudObject, type Collection, isObject } from "./classify";
import {
  knativeJob,
  knativeService,
  type RunService,
  restJob,
  restService,
  type Unready,
  unreadyUnless,
} from "./run-service";
import type { Location, Source } from "./sources";

/** A deployed resource in the form that the program declares and the pack judges. */
export interface Deployed {
  readonly source: Source;
  readonly type: string;
  readonly name: string;
  /** The name, with the region where it differs from the plan's. */
  readonly label: string;
  /** The id as the provider has it: what an import takes. */
  readonly id: string;
  readonly region: string | undefined;
  readonly form: "knative" | "rest";
  /** As gcloud or REST printed it, for evidence. Never printed as a whole. */
  readonly object: CloudObject["object"];
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Why it does not work, or that its state is not shown; absent: it works, or its kind has no state. */
  readonly unready?: Unready;
}

/** The resources that the pack can judge, and the collection without the lists that have unreadable objects. */
export function deployedFrom(
  collection: Collection,
  location: Location,
): { readonly deployed: readonly Deployed[]; readonly collection: Collection; readonly notes: readonly string[] } {
  const { objects, listed, hidden } = collection;
  const notes: string[] = [];
  const unread = new Map<Source, string>();
  const deployed = objects.flatMap((one): Deployed[] => {
    try {
      const read = READERS[one.source]?.(new Inputs(one.object), one, location) ?? [];
      return read.map((resource) => ({
        ...resource,
        inputs: present(resource.inputs),
        outputs: present(resource.outputs),
      }));
    } catch (error) {
      if (!(error instanceof MalformedValueError)) throw error;
      const what = `${one.from} has an object of an unknown form (${error.message})`;
      notes.push(`${what}, which is left out`);
      unread.set(one.source, what);
      return [];
    }
  });
  const whole = new Set([...listed].filter((source) => !unread.has(source)));
  return { deployed, notes, collection: { ...collection, listed: whole, hidden: new Map([...hidden, ...unread]) } };
}

/** Removes `undefined` properties at any depth. */
function present(properties: Properties): Properties {
  const inside = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(inside) : isObject(value) ? present(value) : value;
  return Object.fromEntries(
    Object.entries(properties).flatMap(([key, value]) => (value === undefined ? [] : [[key, inside(value)]])),
  );
}

/** The resource's URN. Its id distinguishes equal names in two regions. */
export const urnOf = ({ type, id }: Pick<Deployed, "type" | "id">): string =>
  `urn:pulumi:deployed::netra::${type}::${id}`;

/** The resource as rules judge it. */
export function asJudged(resource: Deployed, { project, region }: Location): ProgramResource {
  const { type, name, inputs, outputs } = resource;
  return {
    type,
    name,
    urn: urnOf(resource),
    dependencies: [],
    propertyDependencies: {},
    inputs,
    outputs,
    provider: { project, region },
  };
}

/** A service or a job as rules read it; `undefined` for anything else. */
export function workloadIn(resource: Deployed, { project, region }: Location): Workload | undefined {
  const { type, name, inputs } = resource;
  return workloadOf({
    type,
    name,
    urn: urnOf(resource),
    properties: new Inputs(inputs),
    provider: new Inputs({ project, region }),
  });
}

type Reader = (raw: Inputs, found: CloudObject, location: Location) => Deployed[];
type Properties = Readonly<Record<string, unknown>>;

const READERS: { readonly [Key in Source]?: Reader } = {
  services: (raw, found, location) =>
    workload(raw.has("apiVersion") ? knativeService(raw) : restService(raw), RUN_SERVICE, found, location),
  jobs: (raw, found, location) =>
    workload(raw.has("apiVersion") ? knativeJob(raw) : restJob(raw), RUN_JOB, found, location),
  instances(raw, found, location) {
    const name = requiredName(raw);
    const inputs = sqlInputs(raw, name);
    const addresses = raw.list("ipAddresses");
    const address = (type: string) => addresses.find((one) => one.text("type") === type)?.text("ipAddress");
    const outputs = {
      ...inputs,
      privateIpAddress: address("PRIVATE"),
      publicIpAddress: address("PRIMARY"),
      connectionName: raw.text("connectionName"),
    };
    const id = `projects/${location.project}/instances/${name}`;
    return [
      { ...base(location, found, SQL_INSTANCE, name, id, raw.text("region")), inputs, outputs, ...notRunning(raw) },
    ];
  },
  connectors(raw, found, location) {
    const [name, region] = nameAndRegion(raw);
    const [minInstances, maxInstances] = [raw.number("minInstances"), raw.number("maxInstances")];
    // Google also prints the throughput of the instances; it is a setting only without them.
    const throughput =
      minInstances === undefined || maxInstances === undefined
        ? { minThroughput: raw.number("minThroughput"), maxThroughput: raw.number("maxThroughput") }
        : {};
    const subnet = raw.object("subnet");
    const inputs = {
      name,
      region,
      network: raw.text("network"),
      ipCidrRange: raw.text("ipCidrRange"),
      subnet: subnet.hasText("name") ? { name: subnet.text("name"), projectId: subnet.text("projectId") } : undefined,
      machineType: raw.text("machineType"),
      minInstances,
      maxInstances,
      ...throughput,
    };
    const id = `projects/${location.project}/locations/${region}/connectors/${name}`;
    return [
      {
        ...base(location, found, CONNECTOR, name, id, region),
        inputs,
        outputs: inputs,
        ...unreadyUnless("READY", stateOf(raw)),
      },
    ];
  },
  caches(raw, found, location) {
    const [name, region] = nameAndRegion(raw);
    const inputs = {
      name,
      region,
      tier: raw.text("tier"),
      memorySizeGb: raw.number("memorySizeGb"),
      redisVersion: raw.text("redisVersion"),
      connectMode: raw.text("connectMode"),
      authorizedNetwork: raw.text("authorizedNetwork"),
      authEnabled: raw.flag("authEnabled") ?? false,
      reservedIpRange: raw.text("reservedIpRange"),
      labels: labels(raw, "labels"),
    };
    const outputs = { ...inputs, host: raw.text("host"), port: raw.number("port") };
    return [
      {
        ...base(
          location,
          found,
          REDIS,
          name,
          `projects/${location.project}/locations/${region}/instances/${name}`,
          region,
        ),
        inputs,
        outputs,
        ...unreadyUnless("READY", stateOf(raw)),
      },
    ];
  },
  secrets(raw, found, location) {
    const secretId = cloudName(requiredName(raw))?.name ?? "";
    const inputs = { secretId, labels: labels(raw, "labels") };
    const [type = ""] = SECRETS;
    return [
      {
        ...base(location, found, type, secretId, `projects/${location.project}/secrets/${secretId}`, undefined),
        inputs,
        outputs: inputs,
      },
    ];
  },
  networks(raw, found, location) {
    const name = requiredName(raw);
    const inputs = {
      name,
      autoCreateSubnetworks: raw.flag("autoCreateSubnetworks") ?? false,
      routingMode: raw.object("routingConfig").text("routingMode"),
    };
    return [
      {
        ...base(location, found, NETWORK, name, `projects/${location.project}/global/networks/${name}`, undefined),
        inputs,
        outputs: inputs,
      },
    ];
  },
  subnetworks(raw, found, location) {
    const name = requiredName(raw);
    const region = regionIn(raw.text("region")) ?? "";
    const inputs = {
      name,
      region,
      network: raw.text("network"),
      ipCidrRange: raw.text("ipCidrRange"),
      privateIpGoogleAccess: raw.flag("privateIpGoogleAccess") ?? false,
      secondaryIpRanges: raw
        .list("secondaryIpRanges")
        .map((range) => ({ rangeName: range.text("rangeName"), ipCidrRange: range.text("ipCidrRange") })),
    };
    return [
      {
        ...base(
          location,
          found,
          SUBNETWORK,
          name,
          `projects/${location.project}/regions/${region}/subnetworks/${name}`,
          region,
        ),
        inputs,
        outputs: inputs,
      },
    ];
  },
  /** A router, and its NATs. */
  routers(raw, found, location) {
    const router = requiredName(raw);
    const region = regionIn(raw.text("region")) ?? "";
    const routerId = `projects/${location.project}/regions/${region}/routers/${router}`;
    const inputs = { name: router, region, network: raw.text("network") };
    const nats = raw.list("nats").map((nat) => {
      const name = requiredName(nat);
      const own = {
        name,
        router,
        region,
        type: nat.text("type"),
        natIpAllocateOption: nat.text("natIpAllocateOption"),
        natIps: nat.texts("natIps"),
        sourceSubnetworkIpRangesToNat: nat.text("sourceSubnetworkIpRangesToNat"),
        minPortsPerVm: nat.number("minPortsPerVm"),
      };
      return {
        ...base(location, found, ROUTER_NAT, name, `${location.project}/${region}/${router}/${name}`, region),
        inputs: own,
        outputs: own,
      };
    });
    return [{ ...base(location, found, ROUTER, router, routerId, region), inputs, outputs: inputs }, ...nats];
  },
  alerts(raw, found, location) {
    const id = requiredName(raw);
    const inputs = {
      displayName: raw.text("displayName"),
      enabled: raw.flag("enabled"),
      notificationChannels: raw.texts("notificationChannels"),
      conditions: raw
        .list("conditions")
        .map((condition) =>
          Object.fromEntries(
            condition
              .keys()
              .flatMap((kind) => (kind.startsWith("condition") ? [[kind, watched(condition.object(kind))]] : [])),
          ),
        ),
    };
    return [
      { ...base(location, found, ALERT_POLICY, raw.text("displayName") ?? id, id, undefined), inputs, outputs: inputs },
    ];
  },
};

function workload(
  { name, location: ownRegion, inputs, unready }: RunService,
  type: string,
  found: CloudObject,
  location: Location,
): Deployed[] {
  // People copy both into a shell.
  const kind = type === RUN_JOB ? "job" : "service";
  if (!/^\w[\w-]*$/.test(name)) throw new MalformedValueError(`the ${kind} must have a name that Google gives`);
  if (!/^(\w[\w-]*)?$/.test(ownRegion))
    throw new MalformedValueError(`the ${kind} must be in a region that Google has`);
  const region = ownRegion || location.region;
  const id = `projects/${location.project}/locations/${region}/${found.source}/${name}`;
  const form = found.object.apiVersion === undefined ? "rest" : "knative";
  return [
    {
      ...base(location, found, type, name, id, region),
      form,
      inputs,
      outputs: inputs,
      ...(unready ? { unready } : {}),
    },
  ];
}

/** A condition's filter or query. */
const watched = (condition: Inputs) => ({ filter: condition.text("filter"), query: condition.text("query") });

const base = (
  location: Location,
  found: CloudObject,
  type: string,
  name: string,
  id: string,
  region: string | undefined,
) =>
  ({
    source: found.source,
    object: found.object,
    form: "rest",
    type,
    name,
    label: region === undefined || region === location.region ? name : `${name} (${region})`,
    id,
    region,
  }) as const;

function requiredName(raw: Inputs): string {
  const name = raw.text("name");
  // People copy it into a shell.
  if (!name || !/^\w[\w./:-]*$/.test(name)) throw new MalformedValueError("name must be one that Google gives");
  return name;
}

function nameAndRegion(raw: Inputs): [name: string, region: string] {
  const { location = "", name = "" } = cloudName(requiredName(raw)) ?? {};
  return [name, location];
}

const stateOf = (raw: Inputs): Unready => ({ field: "state", value: raw.text("state"), message: "" });

/** The API reports a stopped instance as RUNNABLE; only the activation policy shows that it is stopped. */
function notRunning(raw: Inputs): Pick<Deployed, "unready"> {
  const isStopped = raw.object("settings").text("activationPolicy") === "NEVER";
  return isStopped
    ? { unready: { field: "settings.activationPolicy", value: "NEVER", message: "" } }
    : unreadyUnless("RUNNABLE", stateOf(raw));
}

function labels(raw: Inputs, key: string): Properties {
  const inputs = raw.object(key);
  return Object.fromEntries(
    inputs.keys().flatMap((label) => (label.startsWith("goog-") ? [] : [[label, inputs.text(label)]])),
  );
}

/** Cloud SQL and the provider name the disk's fields differently, and Cloud SQL prints sizes as texts. */
function sqlInputs(raw: Inputs, name: string): Properties {
  const settings = raw.object("settings");
  const ip = settings.object("ipConfiguration");
  const backup = settings.object("backupConfiguration");
  const retention = backup.object("backupRetentionSettings");
  const window = settings.object("maintenanceWindow");
  const insights = settings.object("insightsConfig");
  return {
    name,
    region: raw.text("region"),
    databaseVersion: raw.text("databaseVersion"),
    masterInstanceName: raw.text("masterInstanceName"),
    settings: {
      tier: settings.text("tier"),
      edition: settings.text("edition"),
      availabilityType: settings.text("availabilityType"),
      activationPolicy: settings.text("activationPolicy"),
      connectorEnforcement: settings.text("connectorEnforcement"),
      diskSize: settings.number("dataDiskSizeGb"),
      diskType: settings.text("dataDiskType"),
      diskAutoresize: settings.flag("storageAutoResize") ?? false,
      deletionProtectionEnabled: settings.flag("deletionProtectionEnabled") ?? false,
      userLabels: labels(settings, "userLabels"),
      databaseFlags: settings
        .list("databaseFlags")
        .map((flag) => ({ name: flag.text("name"), value: flag.textOrNumber("value") })),
      connectionPoolConfigs: settings.has("connectionPoolConfig")
        ? [{ connectionPoolingEnabled: settings.object("connectionPoolConfig").flag("connectionPoolingEnabled") }]
        : undefined,
      ipConfiguration: {
        ipv4Enabled: ip.flag("ipv4Enabled") ?? false,
        privateNetwork: ip.text("privateNetwork"),
        sslMode: ip.text("sslMode"),
        requireSsl: ip.flag("requireSsl"),
        authorizedNetworks: ip
          .list("authorizedNetworks")
          .map((network) => ({ name: network.text("name"), value: network.text("value") })),
        pscConfigs: ip.has("pscConfig") ? [{ pscEnabled: ip.object("pscConfig").flag("pscEnabled") }] : undefined,
      },
      backupConfiguration: {
        enabled: backup.flag("enabled") ?? false,
        startTime: backup.text("startTime"),
        pointInTimeRecoveryEnabled: backup.flag("pointInTimeRecoveryEnabled") ?? false,
        transactionLogRetentionDays: backup.number("transactionLogRetentionDays"),
        backupRetentionSettings: retention.has("retainedBackups")
          ? { retainedBackups: retention.number("retainedBackups"), retentionUnit: retention.text("retentionUnit") }
          : undefined,
      },
      maintenanceWindow: window.has("day")
        ? { day: window.number("day"), hour: window.number("hour") ?? 0, updateTrack: window.text("updateTrack") }
        : undefined,
      insightsConfig: insights.has("queryInsightsEnabled")
        ? {
            queryInsightsEnabled: insights.flag("queryInsightsEnabled"),
            recordApplicationTags: insights.flag("recordApplicationTags") ?? false,
            recordClientAddress: insights.flag("recordClientAddress") ?? false,
            queryStringLength: insights.number("queryStringLength"),
            queryPlansPerMinute: insights.number("queryPlansPerMinute"),
          }
        : undefined,
    },
  };
}
