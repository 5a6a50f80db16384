import { word } from "./shell";

/** What is collected of a project. One home: the documentation, the command and the live path all take it from here. */
interface SourceInfo {
  /** What its objects are, in the plural. */
  readonly what: string;
  /** The file that the gcloud line writes. */
  readonly file: string;
  /** With PROJECT and REGION to be filled in. */
  readonly gcloud: string;
  /** Google's API, without `.googleapis.com`. */
  readonly api: string;
  /** The REST path, with PROJECT, REGION and SECRET to be filled in. */
  readonly path: string;
  /** The field of the answer that holds the objects. */
  readonly items: string;
  /** The least role that may read it. */
  readonly role: string;
}

const source = <Info extends SourceInfo>(info: Info): SourceInfo => info;

export const SOURCES = {
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

export type Source = keyof typeof SOURCES;

// The keys are those of SOURCES.
export const ALL_SOURCES = Object.keys(SOURCES) as readonly Source[];

/** Where it all stands. */
export interface Place {
  readonly project: string;
  readonly region: string;
}

/** A gcloud line or a REST path with its places filled in; the secret stays open where there is none. */
export function filledIn(template: string, { project, region }: Place, secret = "SECRET"): string {
  // Functions, because a `$` in a text would be a pattern.
  return template
    .replaceAll("PROJECT", () => project)
    .replaceAll("REGION", () => region)
    .replaceAll("SECRET", () => secret);
}

/** The line that collects one source. Versions: those of one secret, else of every secret. */
export function collectingLine(of: Source, place: Place, secret?: string): string {
  const { gcloud, file } = SOURCES[of];
  if (of !== "versions") return `${filledIn(gcloud, place)} > ${file}`;
  if (secret !== undefined) return `${filledIn(gcloud, place, word(secret))} > ${word(filledIn(file, place, secret))}`;
  // A secret's name is its whole path to some versions of gcloud, its id to others.
  const each = filledIn(`${gcloud} > ${file}`, place, '"$id"')
    .replace('versions-"$id"', '"versions-$id"')
    .replace('"versions-$id".json', '"versions-$id.json"');
  return `for id in $(${filledIn(SOURCES.secrets.gcloud, place).replace("--format=json", "--format='value(name.basename())'")}); do ${each}; done`;
}

/** Every line that collects what a diagnosis reads; all of them only read. */
export const collectingLines = (place: Place): string[] => ALL_SOURCES.map((of) => collectingLine(of, place));
