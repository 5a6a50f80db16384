import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { constraints } from "../../../commands/preflight/constraints";
import { PREFLIGHT_SOURCES } from "../../../commands/preflight/facts";
import {
  fileOf,
  filledIn,
  type ItemSource,
  isItemSource,
  SOURCES,
  type Source,
} from "../../../commands/shared/cloud/sources";
import { APIS } from "../../../config/apis";
import type { Settings } from "../../../config/schema";
import { type Changes, stagingSettings } from "../../stack-settings";
import type { RestServer } from "../diagnose/rest-server";

export const LOCATION = { project: "netra-staging", region: "us-central1" };
export const NUMBER = "701982941522";
export const REGISTRY = "us-central1-docker.pkg.dev/netra-staging/netra";

/**
 * The objects of each source, in the shapes of the REST APIs, hand-written; by item where they are collected one by
 * one.
 */
export type Project = Readonly<Record<Exclude<Source, ItemSource>, readonly object[]>> & {
  readonly items: Readonly<Record<ItemSource, Readonly<Record<string, readonly object[]>>>>;
};

const digestOf = (letter: string) => `sha256:${letter.repeat(64)}`;
export const imageObject = (name: string, tag: string, letter = "a") => ({
  name: `projects/${LOCATION.project}/locations/us-central1/repositories/netra/dockerImages/${name}@${digestOf(letter)}`,
  uri: `${REGISTRY}/${name}@${digestOf(letter)}`,
  tags: [tag],
  imageSizeBytes: "104857600",
  uploadTime: "2026-11-20T09:00:00.000000Z",
  mediaType: "application/vnd.docker.distribution.manifest.v2+json",
});
export const IMAGES = [
  imageObject("auth", "1.0.0"),
  imageObject("backend", "1.0.0", "b"),
  imageObject("frontend", "1.0.0", "c"),
  imageObject("postgres", "14.23.0", "d"),
];
export const secretObject = (id: string) => ({
  name: `projects/${NUMBER}/secrets/${id}`,
  createTime: "2026-11-20T09:00:00Z",
  replication: { automatic: {} },
});
export const versionObject = (id: string, version: number, state = "ENABLED") => ({
  name: `projects/${NUMBER}/secrets/${id}/versions/${version}`,
  createTime: "2026-11-20T09:00:00Z",
  state,
});
export const policyObject = (constraint: string, ...rules: readonly object[]) => ({
  name: `projects/${NUMBER}/policies/${constraint}`,
  spec: { rules },
});
const apiObject = (api: string) => ({
  name: `projects/${NUMBER}/services/${api}.googleapis.com`,
  config: { name: `${api}.googleapis.com`, title: api },
  state: "ENABLED",
  parent: `projects/${NUMBER}`,
});
const quota = (quotaId: string, ...dimensionsInfos: readonly object[]) => ({
  name: `projects/${NUMBER}/locations/global/services/run.googleapis.com/quotaInfos/${quotaId}`,
  quotaId,
  service: "run.googleapis.com",
  containerType: "PROJECT",
  dimensions: ["region"],
  dimensionsInfos,
});
/** The limits of the region and, for all others, another one. */
export const quotaObjects = (cpu: number, memoryGib: number) =>
  (
    [
      ["CpuAllocPerProjectRegion", cpu * 1000],
      ["MemAllocPerProjectRegion", memoryGib * 2 ** 30],
    ] as const
  ).map(([id, value]) =>
    quota(
      id,
      {
        dimensions: { region: "us-central1" },
        details: { value: String(value) },
        applicableLocations: ["us-central1"],
      },
      { details: { value: "1" }, applicableLocations: ["europe-west1"] },
    ),
  );
export const computeObject = (
  kind: string,
  quotas: Readonly<Record<string, readonly [limit: number, usage: number]>>,
) => ({
  kind: `compute#${kind}`,
  name: kind === "project" ? LOCATION.project : LOCATION.region,
  quotas: Object.entries(quotas).map(([metric, [limit, usage]]) => ({ metric, limit, usage })),
});
const PROJECT_QUOTAS = {
  NETWORKS: [15, 1],
  BACKEND_SERVICES: [50, 0],
  SECURITY_POLICIES: [10, 0],
  STATIC_ADDRESSES: [8, 0],
} as const;

const PEOPLE = [
  "google-oauth-client-id",
  "google-oauth-client-secret",
  "openai-api-key",
  "anthropic-api-key",
  "gemini-api-key",
  "clickhouse-password",
].map((name) => `${name}-staging`);

/**
 * What people have done before the first update: the secrets that are theirs, and a copy of the database job's image.
 */
export const PREPARED: Changes = {
  "netra:adopt": Object.fromEntries(PEOPLE.map((id) => [id, `projects/${LOCATION.project}/secrets/${id}`])),
  "netra:database": { roles: { image: `${REGISTRY}/postgres:14.23.0` } },
};
export const settingsWith = (changes: Changes = {}): Settings => stagingSettings({ ...PREPARED, ...changes });

/** A project that is ready for its first update: APIs, images and the values that people own, and nothing else. */
export function freshProject(settings: Settings): Project {
  // every source that is no item's
  const none = Object.fromEntries(PREFLIGHT_SOURCES.map((source) => [source, []])) as unknown as Project;
  const isEnforced = (name: string) =>
    constraints.some((one) => one.name === name && one.values === undefined && !one.statesNone);
  return {
    ...none,
    apis: [...APIS, "serviceusage", "cloudresourcemanager", "artifactregistry", "orgpolicy", "cloudquotas"].map(
      apiObject,
    ),
    project: [{ projectNumber: NUMBER, projectId: LOCATION.project, lifecycleState: "ACTIVE", name: "Netra Staging" }],
    access: [
      {
        version: 1,
        etag: "BwY",
        bindings: [
          { role: "roles/owner", members: ["user:somebody@example.com"] },
          {
            role: "roles/run.serviceAgent",
            members: [`serviceAccount:service-${NUMBER}@serverless-robot-prod.iam.gserviceaccount.com`],
          },
          {
            role: "roles/vpcaccess.serviceAgent",
            members: [`serviceAccount:service-${NUMBER}@gcp-sa-vpcaccess.iam.gserviceaccount.com`],
          },
        ],
      },
    ],
    quotas: quotaObjects(settings.limits.regionalCpu, settings.limits.regionalMemoryGib),
    projectQuotas: [computeObject("project", PROJECT_QUOTAS)],
    regionQuotas: [computeObject("region", { NETWORK_ENDPOINT_GROUPS: [100, 0] })],
    secrets: PEOPLE.map(secretObject),
    items: {
      policies: Object.fromEntries(
        constraints.map(({ name }) => [
          name,
          [policyObject(name, isEnforced(name) ? { enforce: false } : { allowAll: true })],
        ]),
      ),
      images: { [REGISTRY]: IMAGES },
      versions: Object.fromEntries(PEOPLE.map((id) => [id, [versionObject(id, 1)]])),
      databases: {},
    },
  };
}

/** Lets the server answer as the project does; what has no objects in `items` is a 404. */
export function serve(server: RestServer, project: Project, settings: Settings): void {
  const put = (source: Source, objects: readonly object[], item?: string) => {
    const { api, path, items } = SOURCES[source];
    const [address = ""] = filledIn(path, settings, item).split("?");
    server.answers.set(`${api}${address}`, items === undefined ? (objects[0] ?? {}) : { [items]: objects });
  };
  for (const source of PREFLIGHT_SOURCES) {
    if (!isItemSource(source)) put(source, project[source]);
    else for (const [item, objects] of Object.entries(project.items[source])) put(source, objects, item);
  }
}

/** Saves it as the collecting lines do. */
export function save(project: Project, settings: Settings): string {
  const folder = mkdtempSync(join(tmpdir(), "netra-preflight-"));
  const write = (source: Source, content: unknown, item?: string) =>
    writeFileSync(join(folder, fileOf(source, settings, item)), JSON.stringify(content, null, 2));
  for (const source of PREFLIGHT_SOURCES) {
    const isOne = SOURCES[source].items === undefined;
    if (!isItemSource(source)) write(source, isOne ? project[source][0] : project[source]);
    else
      for (const [item, objects] of Object.entries(project.items[source]))
        write(source, isOne ? objects[0] : objects, item);
  }
  return folder;
}
