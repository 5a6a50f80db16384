import type { Cloud, Properties } from "./cloud";
import { edgeDeletionRefusalOf, edgeRefusalOf } from "./edge";
import { kinds, type Place, PRODUCER } from "./kinds";
import { environment } from "./revisions";

/**
 * What Google refuses when it is asked to make or change a resource, although a preview let it through (gcp.md 6.2,
 * rows marked A).
 */
interface Refusal {
  readonly type: string;
  readonly source: string;
  /** The API's error, where it refuses. */
  readonly says: (inputs: Properties, cloud: Cloud, place: Place) => string | false | undefined;
}

type List = readonly Properties[];
const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
const list = (value: unknown): List => (Array.isArray(value) ? value : []);
const within = (value: unknown, min: number, max: number) =>
  value === undefined || (Number.isInteger(value) && Number(value) >= min && Number(value) <= max);
const last = (path: unknown) => String(path).split("/").at(-1) ?? "";

const CONNECTOR = "gcp:vpcaccess/connector:Connector";
const SQL = "gcp:sql/databaseInstance:DatabaseInstance";
const RUN = "gcp:cloudrunv2/service:Service";
const CONNECTION = "gcp:servicenetworking/connection:Connection";
const NETWORK = "gcp:compute/network:Network";
const LOG_METRIC = "gcp:logging/metric:Metric";
const API = "gcp:projects/service:Service";
const ALERT = "gcp:monitoring/alertPolicy:AlertPolicy";
const CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel";

const exists = (cloud: Cloud, type: string, id: unknown) => cloud.find(type, String(id)) !== undefined;
const instanceExists = ({ instance }: Properties, cloud: Cloud) =>
  !cloud.ofType(SQL).some(({ properties }) => properties.name === instance) &&
  `googleapi: Error 404: The Cloud SQL instance does not exist., instanceDoesNotExist`;
const containers = (service: Properties) => list(at(service, "template", "containers"));
const flag = (instance: Properties, name: string) =>
  list(at(instance, "settings", "databaseFlags")).find((entry) => entry.name === name)?.value;
const plus = (instance: Properties) =>
  at(instance, "settings", "edition") === "ENTERPRISE_PLUS" ||
  (at(instance, "settings", "edition") === undefined &&
    Number(last(String(instance.databaseVersion).replace("_", "/"))) >= 16);

function tierIsLegal(tier: string): boolean {
  const [, cpus = "", mib = ""] = /^db-custom-(\d+)-(\d+)$/.exec(tier) ?? [];
  if (cpus === "") return /^db-(f1-micro|g1-small|perf-optimized-N-\d+)$/.test(tier);
  const [vcpus, memory] = [Number(cpus), Number(mib)];
  return (
    (vcpus === 1 || (vcpus % 2 === 0 && vcpus <= 96)) &&
    memory % 256 === 0 &&
    memory >= 3840 &&
    memory >= vcpus * 0.9 * 1024 &&
    memory <= vcpus * 6.5 * 1024
  );
}

function probeIsLegal(probe: Properties | undefined): boolean {
  if (!probe) return true;
  const { initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1, failureThreshold = 3 } = probe;
  return (
    within(initialDelaySeconds, 0, 600) &&
    within(periodSeconds, 1, 600) &&
    within(timeoutSeconds, 1, Number(periodSeconds)) &&
    within(failureThreshold, 1, 600) &&
    Number(periodSeconds) * Number(failureThreshold) <= 600
  );
}

const refusalList: readonly Refusal[] = [
  {
    type: CONNECTOR,
    source: "row 1",
    says: ({ machineType }) =>
      !["f1-micro", "e2-micro", "e2-standard-4"].includes(String(machineType)) && `Invalid machine type ${machineType}`,
  },
  {
    type: CONNECTOR,
    source: "row 2",
    says: ({ minInstances, maxInstances }) =>
      !(within(minInstances, 2, 9) && within(maxInstances, 3, 10)) &&
      "min_instances must be in [2, 9] and max_instances in [3, 10]",
  },
  {
    type: CONNECTOR,
    source: "row 3",
    says: ({ minInstances, maxInstances }) =>
      Number(minInstances) >= Number(maxInstances) && "max needs to be greater than min",
  },
  {
    type: CONNECTOR,
    source: "row 4",
    says: ({ maxInstances, maxThroughput }) =>
      maxInstances === undefined &&
      maxThroughput === undefined &&
      "A Connector must specify either max_throughput or max_instances",
  },
  {
    type: CONNECTOR,
    source: "row 7",
    says: ({ minThroughput = 200, maxThroughput = 300 }) =>
      (Number(minThroughput) >= Number(maxThroughput) ||
        Number(minThroughput) % 100 !== 0 ||
        Number(maxThroughput) % 100 !== 0) &&
      "throughput must be multiples of 100, min below max",
  },
  {
    type: CONNECTOR,
    source: "row 8",
    says: ({ ipCidrRange }) =>
      ipCidrRange !== undefined && !String(ipCidrRange).endsWith("/28") && `${ipCidrRange} is not a /28`,
  },
  {
    type: CONNECTOR,
    source: "row 10",
    says: ({ name }) => String(name).replaceAll("-", "--").length > 20 && `The connector name ${name} is too long`,
  },
  {
    type: CONNECTOR,
    source: "gcp.md 1.2",
    says: ({ network }, cloud) =>
      !cloud.ofType(NETWORK).some(({ properties }) => properties.name === last(network)) &&
      `network ${last(network)} was not found`,
  },
  {
    type: SQL,
    source: "row 28",
    says: (inputs) =>
      !tierIsLegal(String(at(inputs, "settings", "tier"))) && `Invalid Tier (${at(inputs, "settings", "tier")})`,
  },
  {
    type: SQL,
    source: "row 29",
    says: (inputs) =>
      plus(inputs) &&
      !String(at(inputs, "settings", "tier")).startsWith("db-perf-optimized-N-") &&
      `Invalid Tier (${at(inputs, "settings", "tier")}) for (ENTERPRISE_PLUS) Edition`,
  },
  {
    type: SQL,
    source: "row 31",
    says: (inputs) => Number(flag(inputs, "max_connections") ?? 100) < 14 && "Invalid value for flag max_connections",
  },
  {
    type: SQL,
    source: "row 34",
    says: (inputs) =>
      !plus(inputs) &&
      !within(at(inputs, "settings", "insightsConfig", "queryStringLength"), 256, 4500) &&
      "Invalid query string length",
  },
  {
    type: SQL,
    source: "row 35",
    says: (inputs) =>
      !plus(inputs) &&
      !within(at(inputs, "settings", "insightsConfig", "queryPlansPerMinute"), 0, 20) &&
      "Invalid query plans per minute",
  },
  {
    type: SQL,
    source: "row 36",
    says: (inputs) =>
      !plus(inputs) &&
      list(at(inputs, "settings", "connectionPoolConfigs")).length > 0 &&
      "Managed connection pooling needs ENTERPRISE_PLUS",
  },
  {
    type: SQL,
    source: "row 37",
    says: (inputs, cloud) => {
      const network = at(inputs, "settings", "ipConfiguration", "privateNetwork");
      return (
        network !== undefined &&
        !cloud.ofType(CONNECTION).some(({ properties }) => properties.network === network) &&
        `no private service connection was found in ${network}`
      );
    },
  },
  { type: "gcp:sql/database:Database", source: "the API", says: instanceExists },
  { type: "gcp:sql/user:User", source: "the API", says: instanceExists },
  {
    type: "gcp:secretmanager/secretVersion:SecretVersion",
    source: "the API",
    says: ({ secret }, cloud) =>
      !exists(cloud, "gcp:secretmanager/secret:Secret", secret) && `Secret [${secret}] not found`,
  },
  {
    type: "gcp:secretmanager/secretIamMember:SecretIamMember",
    source: "the API",
    says: ({ member }, cloud) => {
      const email = String(member).replace("serviceAccount:", "");
      return (
        !cloud.ofType("gcp:serviceaccount/account:Account").some(({ properties }) => properties.email === email) &&
        `Service account ${email} does not exist.`
      );
    },
  },
  {
    type: RUN,
    source: "row 15",
    says: (inputs, cloud, place) => {
      const connector = at(inputs, "template", "vpcAccess", "connector");
      if (connector === undefined) return false;
      if (!exists(cloud, CONNECTOR, connector)) return `VPC connector ${connector} does not exist`;
      if (cloud.find(CONNECTOR, String(connector))?.properties.state !== "READY")
        return `VPC connector ${connector} is not ready`;
      return (
        String(connector).split("/")[3] !== (inputs.location ?? place.region) &&
        `VPC connector ${connector} is in another region`
      );
    },
  },
  {
    type: RUN,
    source: "row 17",
    says: (inputs) =>
      !within(at(inputs, "template", "maxInstanceRequestConcurrency"), 1, 1000) &&
      "max_instance_request_concurrency must be in [1, 1000]",
  },
  {
    type: RUN,
    source: "row 18",
    says: (inputs) =>
      Number(at(inputs, "scaling", "minInstanceCount") ?? 0) >
        Number(at(inputs, "scaling", "maxInstanceCount") ?? 100) &&
      "min_instance_count must not exceed max_instance_count",
  },
  {
    type: RUN,
    source: "row 19",
    says: (inputs) => {
      const cpu = Number(at(containers(inputs)[0], "resources", "limits", "cpu") ?? 1);
      const requested =
        cpu *
        Number(
          at(inputs, "scaling", "maxInstanceCount") ?? at(inputs, "template", "scaling", "maxInstanceCount") ?? 100,
        ) *
        1000;
      return requested > 20_000 && `Quota violated: CpuAllocPerProjectRegion requested: ${requested} allowed: 20000`;
    },
  },
  {
    type: RUN,
    source: "row 20",
    says: (inputs) =>
      containers(inputs).some(
        (container) =>
          ![undefined, "0.08", "0.5", "1", "2", "4", "6", "8"].includes(
            at(container, "resources", "limits", "cpu") as string | undefined,
          ),
      ) && "Invalid value specified for cpu",
  },
  {
    type: RUN,
    source: "row 21",
    says: (inputs) =>
      Number.parseFloat(String(at(inputs, "template", "timeout") ?? "300s")) > 3600 && "timeout must be at most 3600s",
  },
  {
    type: RUN,
    source: "row 22",
    says: (inputs) =>
      containers(inputs).some(
        (container) =>
          !(probeIsLegal(container.startupProbe as Properties) && probeIsLegal(container.livenessProbe as Properties)),
      ) && "Invalid probe",
  },
  {
    type: RUN,
    source: "row 25",
    says: ({ traffics }) =>
      list(traffics).length > 0 &&
      list(traffics).reduce((sum, { percent }) => sum + Number(percent ?? 0), 0) !== 100 &&
      "traffic percents must sum to 100",
  },
  {
    type: RUN,
    source: "container contract",
    says: (inputs) =>
      environment(inputs).some(({ name }) => name === "PORT") && "The following reserved env names were provided: PORT",
  },
  {
    type: ALERT,
    source: "row 41: filter",
    says: ({ conditions }, cloud) => {
      for (const condition of list(conditions)) {
        const [, metric] =
          /metric\.type="logging\.googleapis\.com\/user\/([^"]+)"/.exec(
            String(at(condition, "conditionThreshold", "filter")),
          ) ?? [];
        if (metric !== undefined && !cloud.isKnown(LOG_METRIC, metric))
          return `googleapi: Error 404: Cannot find metric that matches type = "logging.googleapis.com/user/${metric}". If a metric was created recently, it could take up to 10 minutes to become available.`;
      }
      return false;
    },
  },
  {
    type: ALERT,
    source: "the API",
    says: ({ notificationChannels }, cloud) => {
      const missing = (Array.isArray(notificationChannels) ? notificationChannels : []).find(
        (id) => !exists(cloud, CHANNEL, id),
      );
      return missing !== undefined && `Notification channel ${missing} does not exist.`;
    },
  },
  {
    type: "gcp:monitoring/slo:Slo",
    source: "GoogleCloudPlatform/cloud-ops-sandbox#896",
    says: ({ requestBasedSli }, cloud) => {
      const metrics = [
        ...JSON.stringify(requestBasedSli ?? {}).matchAll(/logging\.googleapis\.com\/user\/([^"\\]+)/g),
      ].map(([, metric = ""]) => metric);
      return (
        metrics.some((metric) => !cloud.isKnown(LOG_METRIC, metric)) &&
        "Invalid SLO definition: The metric referenced by the provided filter is unknown."
      );
    },
  },
  {
    type: RUN,
    source: "docs.cloud.google.com/artifact-registry/docs/integrate-cloud-run",
    says: (inputs, cloud, place) =>
      containers(inputs).some(({ image }) => new RegExp(`-docker\\.pkg\\.dev/${place.project}/`).test(String(image))) &&
      disabledApi("artifactregistry", cloud, place),
  },
  {
    type: API,
    source: "registry documentation of gcp.projects.Service 9.37",
    says: ({ service }, cloud, place) =>
      service !== "cloudresourcemanager.googleapis.com" && disabledApi("cloudresourcemanager", cloud, place),
  },
  {
    type: "gcp:monitoring/slo:Slo",
    source: "the API",
    says: ({ service }, cloud) =>
      !cloud
        .ofType("gcp:monitoring/customService:CustomService")
        .some(({ properties }) => properties.serviceId === service) && `Service ${service} was not found.`,
  },
];

/** Google's error where an API is off, or was turned on a moment ago. */
const disabledApi = (api: string, cloud: Cloud, { project }: Place) =>
  !cloud.isKnown(API, `${project}/${api}.googleapis.com`) &&
  `googleapi: Error 403: ${api}.googleapis.com API has not been used in project ${project} before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/${api}.googleapis.com/overview?project=${project} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry., SERVICE_DISABLED`;

/** The API's error for making or changing a resource, if it refuses. */
export function refusalOf(type: string, inputs: Properties, cloud: Cloud, place: Place): string | undefined {
  const disabled = kinds[type]?.api && disabledApi(kinds[type].api, cloud, place);
  if (disabled) return disabled;
  for (const refusal of refusalList) {
    const message = refusal.type === type && refusal.says(inputs, cloud, place);
    if (message) return message.startsWith("googleapi: ") ? message : `googleapi: Error 400: ${message}`;
  }
  const message = edgeRefusalOf(type, inputs, cloud);
  return message === undefined ? undefined : `googleapi: Error 400: ${message}`;
}

/**
 * Why a resource cannot be deleted now, if it cannot. `state` is what the provider remembers, not what the cloud has.
 */
export function deletionRefusalOf(type: string, id: string, state: Properties, cloud: Cloud): string | undefined {
  if (state.deletionProtection === true)
    return `cannot destroy ${type} without setting deletion_protection=false and running \`up\``;
  if (type === SQL && at(cloud.find(SQL, id)?.properties, "settings", "deletionProtectionEnabled") === true)
    return "googleapi: Error 400: The instance is protected. Please disable the deletion protection and try again.";
  if (
    type === CHANNEL &&
    cloud
      .ofType(ALERT)
      .some(({ properties }) => (properties.notificationChannels as readonly unknown[] | undefined)?.includes(id))
  )
    return `googleapi: Error 400: Notification channel ${id} is still used by alert policies.`;
  const used = edgeDeletionRefusalOf(type, id, state, cloud);
  if (used !== undefined) return used;
  const network = type === NETWORK ? id : type === CONNECTION ? state.network : undefined;
  const isUsed = cloud
    .ofType(SQL)
    .some(({ properties }) => at(properties, "settings", "ipConfiguration", "privateNetwork") === network);
  // Also when the instance is gone: only a person who deletes the peering goes on at once (magic-modules#18476).
  if (type === CONNECTION && (isUsed || exists(cloud, PRODUCER, network)))
    return "Failed to delete connection; Producer services (e.g. CloudSQL, Cloud Memstore, etc.) are still using this connection.";
  if (type !== NETWORK) return undefined;
  const user = cloud
    .all()
    .find(
      ({ type: other, properties }) =>
        other !== NETWORK && (properties.network === id || last(properties.network) === last(id)),
    );
  return (
    user &&
    `googleapi: Error 400: The network resource '${id}' is already being used by '${user.id}', resourceInUseByAnotherResource`
  );
}
