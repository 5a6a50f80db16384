import { word } from "./shell";

/**
 * What is collected of a project. One home: the documentation, the commands and the live path all take it from here.
 */
interface SourceInfo {
  /** What its objects are, in the plural. */
  readonly what: string;
  /** The file that the gcloud line writes. */
  readonly file: string;
  /** With PROJECT and REGION to be filled in. */
  readonly gcloud: string;
  /** Google's API, without `.googleapis.com`. */
  readonly api: string;
  /** The REST path, with PROJECT and REGION to be filled in. */
  readonly path: string;
  /** The field of the answer that holds the objects. Default: the answer is the only one. */
  readonly items?: string;
  /** `POST` for methods that read and take their arguments in a body. Default: GET. */
  readonly method?: "POST";
  /** The least role that may read it. */
  readonly role: string;
}

const source = <Info extends SourceInfo>(info: Info): SourceInfo => info;

/** Parts of a load balancer, and other kinds of Compute Engine, which are all listed alike. */
const compute = (
  what: string,
  collection: string,
  gcloud: string,
  { location = "global", scope = " --global" } = {},
): SourceInfo => ({
  what,
  file: `${gcloud}.json`,
  gcloud: `gcloud compute ${gcloud} list --project=PROJECT${scope} --format=json`,
  api: "compute",
  path: `/compute/v1/projects/PROJECT/${location}/${collection}`,
  items: "items",
  role: "roles/compute.viewer",
});

/** What a diagnosis reads. */
const DIAGNOSIS = {
  services: source({
    what: "Cloud Run services",
    file: "services.json",
    gcloud: "gcloud run services list --project=PROJECT --region=REGION --format=json",
    api: "run",
    path: "/v2/projects/PROJECT/locations/REGION/services",
    items: "services",
    role: "roles/run.viewer",
  }),
  jobs: source({
    what: "Cloud Run jobs",
    file: "jobs.json",
    gcloud: "gcloud run jobs list --project=PROJECT --region=REGION --format=json",
    api: "run",
    path: "/v2/projects/PROJECT/locations/REGION/jobs",
    items: "jobs",
    role: "roles/run.viewer",
  }),
  instances: source({
    what: "Cloud SQL instances",
    file: "instances.json",
    gcloud: "gcloud sql instances list --project=PROJECT --format=json",
    api: "sqladmin",
    path: "/v1/projects/PROJECT/instances",
    items: "items",
    role: "roles/cloudsql.viewer",
  }),
  connectors: source({
    what: "VPC connectors",
    file: "connectors.json",
    gcloud: "gcloud compute networks vpc-access connectors list --project=PROJECT --region=REGION --format=json",
    api: "vpcaccess",
    path: "/v1/projects/PROJECT/locations/REGION/connectors",
    items: "connectors",
    role: "roles/vpcaccess.viewer",
  }),
  secrets: source({
    what: "secrets",
    file: "secrets.json",
    gcloud: "gcloud secrets list --project=PROJECT --format=json",
    api: "secretmanager",
    path: "/v1/projects/PROJECT/secrets",
    items: "secrets",
    role: "roles/secretmanager.viewer",
  }),
  versions: source({
    what: "versions of secrets",
    file: "versions-SECRET.json",
    gcloud: "gcloud secrets versions list SECRET --project=PROJECT --format=json",
    api: "secretmanager",
    path: "/v1/projects/PROJECT/secrets/SECRET/versions",
    items: "versions",
    role: "roles/secretmanager.viewer",
  }),
  caches: source({
    what: "Redis instances",
    file: "redis.json",
    gcloud: "gcloud redis instances list --project=PROJECT --region=REGION --format=json",
    api: "redis",
    path: "/v1/projects/PROJECT/locations/REGION/instances",
    items: "instances",
    role: "roles/redis.viewer",
  }),
  networks: source({
    what: "networks",
    file: "networks.json",
    gcloud: "gcloud compute networks list --project=PROJECT --format=json",
    api: "compute",
    path: "/compute/v1/projects/PROJECT/global/networks",
    items: "items",
    role: "roles/compute.networkViewer",
  }),
  subnetworks: source({
    what: "subnetworks",
    file: "subnetworks.json",
    gcloud: "gcloud compute networks subnets list --project=PROJECT --filter=region:REGION --format=json",
    api: "compute",
    path: "/compute/v1/projects/PROJECT/regions/REGION/subnetworks",
    items: "items",
    role: "roles/compute.networkViewer",
  }),
  routers: source({
    what: "routers (Cloud NAT)",
    file: "routers.json",
    gcloud: "gcloud compute routers list --project=PROJECT --filter=region:REGION --format=json",
    api: "compute",
    path: "/compute/v1/projects/PROJECT/regions/REGION/routers",
    items: "items",
    role: "roles/compute.networkViewer",
  }),
  alerts: source({
    what: "alert policies",
    file: "alert-policies.json",
    gcloud: "gcloud monitoring policies list --project=PROJECT --format=json",
    api: "monitoring",
    path: "/v3/projects/PROJECT/alertPolicies",
    items: "alertPolicies",
    role: "roles/monitoring.viewer",
  }),
  channels: source({
    what: "notification channels",
    file: "channels.json",
    gcloud: "gcloud beta monitoring channels list --project=PROJECT --format=json",
    api: "monitoring",
    path: "/v3/projects/PROJECT/notificationChannels",
    items: "notificationChannels",
    role: "roles/monitoring.viewer",
  }),
};

/** What is read before an update, too (preflight/). */
const BEFORE_UPDATE = {
  apis: source({
    what: "enabled APIs",
    file: "apis.json",
    gcloud: "gcloud services list --enabled --project=PROJECT --format=json",
    api: "serviceusage",
    path: "/v1/projects/PROJECT/services?filter=state:ENABLED&pageSize=200",
    items: "services",
    role: "roles/serviceusage.serviceUsageViewer",
  }),
  project: source({
    what: "the project",
    file: "project.json",
    gcloud: "gcloud projects describe PROJECT --format=json",
    api: "cloudresourcemanager",
    path: "/v1/projects/PROJECT",
    role: "roles/browser",
  }),
  access: source({
    what: "the project's IAM policy",
    file: "iam-policy.json",
    gcloud: "gcloud projects get-iam-policy PROJECT --format=json",
    api: "cloudresourcemanager",
    path: "/v1/projects/PROJECT:getIamPolicy",
    method: "POST",
    role: "roles/browser",
  }),
  quotas: source({
    what: "Cloud Run quotas",
    file: "quotas.json",
    gcloud: "gcloud quotas info list --service=run.googleapis.com --project=PROJECT --format=json",
    api: "cloudquotas",
    path: "/v1/projects/PROJECT/locations/global/services/run.googleapis.com/quotaInfos",
    items: "quotaInfos",
    role: "roles/cloudquotas.viewer",
  }),
  projectQuotas: source({
    what: "Compute Engine quotas of the project",
    file: "compute-project.json",
    gcloud: "gcloud compute project-info describe --project=PROJECT --format=json",
    api: "compute",
    path: "/compute/v1/projects/PROJECT",
    role: "roles/compute.viewer",
  }),
  regionQuotas: source({
    what: "Compute Engine quotas of the region",
    file: "compute-region.json",
    gcloud: "gcloud compute regions describe REGION --project=PROJECT --format=json",
    api: "compute",
    path: "/compute/v1/projects/PROJECT/regions/REGION",
    role: "roles/compute.viewer",
  }),
  policies: source({
    what: "organisation policies",
    file: "policy-CONSTRAINT.json",
    gcloud: "gcloud org-policies describe CONSTRAINT --effective --project=PROJECT --format=json",
    api: "orgpolicy",
    path: "/v2/projects/PROJECT/policies/CONSTRAINT:getEffectivePolicy",
    role: "roles/orgpolicy.policyViewer",
  }),
  images: source({
    what: "images",
    file: "images-REGISTRY.json",
    gcloud: "gcloud artifacts docker images list REGISTRY --include-tags --format=json",
    api: "artifactregistry",
    path: "/v1/REPOSITORY/dockerImages?pageSize=1000",
    items: "dockerImages",
    role: "roles/artifactregistry.reader",
  }),
  databases: source({
    what: "databases",
    file: "databases-INSTANCE.json",
    gcloud: "gcloud sql databases list --instance=INSTANCE --project=PROJECT --format=json",
    api: "sqladmin",
    path: "/v1/projects/PROJECT/instances/INSTANCE/databases",
    items: "items",
    role: "roles/cloudsql.viewer",
  }),
  accounts: source({
    what: "service accounts",
    file: "service-accounts.json",
    gcloud: "gcloud iam service-accounts list --project=PROJECT --format=json",
    api: "iam",
    path: "/v1/projects/PROJECT/serviceAccounts",
    items: "accounts",
    role: "roles/iam.serviceAccountViewer",
  }),
  routes: compute("routes", "routes", "routes", { scope: "" }),
  addresses: compute("global addresses", "addresses", "addresses"),
  securityPolicies: compute("security policies", "securityPolicies", "security-policies", { scope: "" }),
  sslPolicies: compute("SSL policies", "sslPolicies", "ssl-policies", { scope: "" }),
  certificates: compute("SSL certificates", "sslCertificates", "ssl-certificates"),
  urlMaps: compute("URL maps", "urlMaps", "url-maps"),
  httpsProxies: compute("HTTPS proxies", "targetHttpsProxies", "target-https-proxies"),
  httpProxies: compute("HTTP proxies", "targetHttpProxies", "target-http-proxies"),
  forwardingRules: compute("forwarding rules", "forwardingRules", "forwarding-rules"),
  backends: compute("backend services", "backendServices", "backend-services"),
  endpointGroups: compute("network endpoint groups", "networkEndpointGroups", "network-endpoint-groups", {
    location: "regions/REGION",
    scope: " --filter=region:REGION",
  }),
};

export const SOURCES = { ...DIAGNOSIS, ...BEFORE_UPDATE };

export type Source = keyof typeof SOURCES;

// The keys are those of SOURCES, and of DIAGNOSIS.
export const ALL_SOURCES = Object.keys(SOURCES) as readonly Source[];
export const DIAGNOSIS_SOURCES = Object.keys(DIAGNOSIS) as readonly Source[];

/**
 * Sources that are collected one by one: the versions of each secret, the policy on each constraint, the images of each
 * repository.
 */
const ITEM_SOURCES = ["versions", "policies", "images", "databases"] as const satisfies readonly Source[];
export type ItemSource = (typeof ITEM_SOURCES)[number];
/** Of which secrets, constraints, repositories and instances. */
export type Items = Readonly<Partial<Record<ItemSource, readonly string[]>>>;

export const isItemSource = (of: Source): of is ItemSource => (ITEM_SOURCES as readonly Source[]).includes(of);

/** The project and region that are read. */
export interface Location {
  readonly project: string;
  readonly region: string;
}

/**
 * A gcloud line or a REST path with its placeholders filled in; what is collected one by one stays open without an `item`.
 */
export function filledIn(template: string, { project, region }: Location, item?: string): string {
  return template.replace(/PROJECT|REGION|SECRET|CONSTRAINT|REGISTRY|REPOSITORY|INSTANCE/g, (placeholder) => {
    if (placeholder === "PROJECT") return project;
    if (placeholder === "REGION") return region;
    if (item === undefined) return placeholder;
    return placeholder === "REPOSITORY" ? repositoryName(item) : item;
  });
}

/** `us-central1-docker.pkg.dev/P/R` by its name in the API. */
function repositoryName(registry: string): string {
  const [host = "", project, repository] = registry.split("/");
  return `projects/${project}/locations/${host.replace("-docker.pkg.dev", "")}/repositories/${repository}`;
}

/** The file of one item: a registry's address has slashes, which no file name may have. */
export const fileOf = (of: Source, location: Location, item?: string): string =>
  filledIn(SOURCES[of].file, location, item?.replaceAll("/", "_"));

/** The item that a file's name stands for; `undefined`: the file is called otherwise. */
export function itemCalled(of: ItemSource, file: string): string | undefined {
  const [before = "", after = ""] = SOURCES[of].file.split(/SECRET|CONSTRAINT|REGISTRY|INSTANCE/);
  const stem = file.replace(/\.(?:json|ya?ml)$/, "");
  if (stem === file || !stem.startsWith(before) || stem === before || after !== ".json") return undefined;
  const item = stem.slice(before.length);
  return of === "images" ? item.replaceAll("_", "/") : item;
}

/**
 * The line that collects one source; one by one: that of an item. Without an item: of every secret, or with the name
 * left open.
 */
export function collectingLine(of: Source, location: Location, item?: string): string {
  const { gcloud } = SOURCES[of];
  // A secret's name is its whole path to some versions of gcloud, its id to others.
  if (of === "versions" && item === undefined)
    return loop(
      of,
      location,
      `$(${filledIn(SOURCES.secrets.gcloud, location).replace("--format=json", "--format='value(name.basename())'")})`,
    );
  return `${filledIn(gcloud, location, item && word(item))} > ${item === undefined ? fileOf(of, location) : word(fileOf(of, location, item))}`;
}

const loop = (of: ItemSource, location: Location, over: string) =>
  `for id in ${over}; do ${filledIn(SOURCES[of].gcloud, location, '"$id"')} > "${fileOf(of, location, "$id")}"; done`;

/** Every line that collects the sources; all of them only read. `items`: of what, where that is known. */
export function collectingLines(
  location: Location,
  sources: readonly Source[] = DIAGNOSIS_SOURCES,
  items: Items = {},
): string[] {
  return sources.flatMap((of) => {
    const known = isItemSource(of) ? items[of] : undefined;
    if (known === undefined || !isItemSource(of)) return [collectingLine(of, location)];
    // Their names are the constraints' own, plain words.
    return of === "policies"
      ? [loop(of, location, known.join(" "))]
      : known.map((item) => collectingLine(of, location, item));
  });
}
