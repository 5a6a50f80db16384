import { rmSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { SOURCE_OF } from "../../../commands/preflight/existing";
import { readingOf } from "../../../commands/preflight/facts";
import { type CheckKey, type Preflight, preflight } from "../../../commands/preflight/preflight";
import type { Collection } from "../../../commands/shared/cloud/classify";
import { collectFromApi } from "../../../commands/shared/cloud/collect-api";
import { collectFromFiles } from "../../../commands/shared/cloud/collect-files";
import { deployedFrom } from "../../../commands/shared/cloud/deployed";
import type { Source } from "../../../commands/shared/cloud/sources";
import { adoptables } from "../../../config/adoption";
import type { Settings } from "../../../config/schema";
import { readPreview } from "../../../engine/preview";
import { cloudName } from "../../../policy/resources/cloud-name";
import type { Changes } from "../../stack-settings";
import { fixture } from "../diagnose/fixtures";
import { refuse, restServer } from "../diagnose/rest-server";
import {
  computeObject,
  freshProject,
  IMAGES,
  imageObject,
  LOCATION,
  NUMBER,
  type Project,
  policyObject,
  quotaObjects,
  REGISTRY,
  save,
  secretObject,
  serve,
  settingsWith,
  versionObject,
} from "./project";

/* Everything goes through a local server that answers in the REST shapes, or through files in gcloud's. */

const server = restServer();
const settings = settingsWith();

interface Case {
  readonly project?: (fresh: Project) => Project;
  readonly settings?: Changes;
  readonly preview?: string;
  readonly mayStayOpen?: readonly CheckKey[];
}

const preflightOf = (read: Collection, of: Settings, { preview, mayStayOpen = [] }: Case): Preflight => {
  const { collection, deployed, notes } = deployedFrom(read, of);
  const facts = {
    settings: of,
    collection,
    deployed,
    preview: preview === undefined ? undefined : readPreview(preview, "preview.json"),
    publicImages: new Map(),
  };
  return preflight(facts, mayStayOpen, [...collection.notes, ...notes]);
};

/** As Google answers, and as the saved files do: both say the same of what they both show. */
async function asked(one: Case = {}): Promise<Preflight> {
  const of = settingsWith(one.settings);
  serve(server, (one.project ?? ((fresh) => fresh))(freshProject(of)), of);
  return preflightOf(await collectFromApi(server.cloud(), of, readingOf(of)), of, one);
}

function saved(one: Case = {}): Preflight {
  const of = settingsWith(one.settings);
  const folder = save((one.project ?? ((fresh) => fresh))(freshProject(of)), of);
  try {
    return preflightOf(collectFromFiles(folder, of), of, one);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const answersOf = ({ checks }: Preflight, key: CheckKey) => checks.find((check) => check.key === key)?.answers ?? [];
const notFine = ({ checks }: Preflight) => checks.filter(({ status }) => status !== "fine");

describe("a project that is ready for its first update", () => {
  test("every check is fine, with Google as with saved files", async () => {
    const found = await asked();
    expect(notFine(found)).toEqual([]);
    expect(found.ok).toBe(true);
    expect(saved()).toEqual(found);
    expect(found.checks.map(({ key, answers }) => `${key}: ${answers.map(({ text }) => text).join("; ")}`)).toEqual([
      "apis: the 12 APIs of the plan are on",
      "policies: none of 13 constraints forbids what the plan needs",
      `quotas: Cloud Run has ${settings.limits.regionalCpu} vCPU and ${settings.limits.regionalMemoryGib} GiB in us-central1`,
      "agents: 2 service agents have their roles",
      "ranges: free, or the stack's own: 10.0.0.0/24, 10.1.0.0/28, 10.107.0.0/16, 10.166.204.80/29",
      expect.stringMatching(/^existing: 6 of \d+ exist and are in the stack's state or adopted$/),
      "secrets: 6 manually added versions are enabled; 8 are the stack's own",
      "images: there: postgres:14.23.0, auth:1.0.0, backend:1.0.0 and frontend:1.0.0",
    ]);
  });

  test("nothing is sent that could change something", async () => {
    await asked();
    const methods = server.asked.map((line) => line.split(" ")[0]);
    expect(server.asked.filter((line) => !line.startsWith("GET "))).toEqual([
      "POST /cloudresourcemanager/v1/projects/netra-staging:getIamPolicy",
    ]);
    expect(new Set(methods)).toEqual(new Set(["GET", "POST"]));
  });

  test("asks each API at its documented address", async () => {
    await asked();
    expect(server.asked.map((line) => line.slice(line.indexOf("/") + 1)).toSorted()).toEqual(
      [
        "serviceusage/v1/projects/netra-staging/services?filter=state%3AENABLED&pageSize=200",
        "cloudresourcemanager/v1/projects/netra-staging",
        "cloudresourcemanager/v1/projects/netra-staging:getIamPolicy",
        "cloudquotas/v1/projects/netra-staging/locations/global/services/run.googleapis.com/quotaInfos",
        "compute/compute/v1/projects/netra-staging",
        "compute/compute/v1/projects/netra-staging/regions/us-central1",
        ...[
          "gcp.resourceLocations",
          "gcp.restrictServiceUsage",
          "gcp.restrictNonCmekServices",
          "sql.disableDefaultEncryptionCreation",
          "iam.disableServiceAccountCreation",
          "iam.allowedPolicyMemberDomains",
          "run.managed.requireInvokerIam",
          "run.allowedIngress",
          "run.allowedVPCEgress",
          "run.allowedBinaryAuthorizationPolicies",
          "compute.restrictVpcPeering",
          "compute.restrictLoadBalancerCreationForTypes",
          "compute.disableGlobalLoadBalancing",
          "compute.restrictCloudNATUsage",
          "compute.requireVpcFlowLogs",
        ].map((name) => `orgpolicy/v2/projects/netra-staging/policies/${name}:getEffectivePolicy`),
        "artifactregistry/v1/projects/netra-staging/locations/us-central1/repositories/netra/dockerImages?pageSize=1000",
        "secretmanager/v1/projects/netra-staging/secrets",
        ...[
          "google-oauth-client-id",
          "google-oauth-client-secret",
          "openai-api-key",
          "anthropic-api-key",
          "gemini-api-key",
          "clickhouse-password",
        ].map((name) => `secretmanager/v1/projects/netra-staging/secrets/${name}-staging/versions`),
        "run/v2/projects/netra-staging/locations/us-central1/services",
        "run/v2/projects/netra-staging/locations/us-central1/jobs",
        "vpcaccess/v1/projects/netra-staging/locations/us-central1/connectors",
        "sqladmin/v1/projects/netra-staging/instances",
        "redis/v1/projects/netra-staging/locations/us-central1/instances",
        "iam/v1/projects/netra-staging/serviceAccounts",
        ...[
          "networks",
          "routes",
          "addresses",
          "securityPolicies",
          "sslPolicies",
          "sslCertificates",
          "urlMaps",
          "targetHttpsProxies",
          "targetHttpProxies",
        ].map((collection) => `compute/compute/v1/projects/netra-staging/global/${collection}`),
        ...["forwardingRules", "backendServices"].map(
          (collection) => `compute/compute/v1/projects/netra-staging/global/${collection}`,
        ),
        ...["subnetworks", "routers", "networkEndpointGroups"].map(
          (collection) => `compute/compute/v1/projects/netra-staging/regions/us-central1/${collection}`,
        ),
      ].toSorted(),
    );
  });
});

describe("reports what is wrong with its fix", () => {
  const without =
    (source: "apis" | "secrets", ...names: readonly string[]) =>
    (fresh: Project) => ({
      ...fresh,
      [source]: fresh[source].filter((object) => !names.some((name) => JSON.stringify(object).includes(`/${name}`))),
    });
  const items =
    (source: keyof Project["items"], of: Readonly<Record<string, readonly object[]>>) =>
    (fresh: Project): Project => ({ ...fresh, items: { ...fresh.items, [source]: { ...fresh.items[source], ...of } } });
  const policies = (name: string, ...rules: readonly object[]) =>
    items("policies", { [name]: [policyObject(name, ...rules)] });
  const exception = (name: string) =>
    `ask an administrator of the organisation for an exception for netra-staging; gcloud org-policies describe ${name} --effective --project=netra-staging shows the effective policy`;
  const network = "https://www.googleapis.com/compute/v1/projects/netra-staging/global/networks/staging-vpc";
  const subnet = (name: string, ipCidrRange: string) => ({
    ...fixture("healthy", "subnetworks.json")[0],
    name,
    ipCidrRange,
  });
  const at =
    <T>(source: Exclude<keyof Project, "items">, objects: readonly object[]) =>
    (fresh: Project) =>
      ({ ...fresh, [source]: objects }) as Project & T;

  test.each<[string, CheckKey, Case, string, readonly string[]]>([
    [
      "Cloud Resource Manager off",
      "apis",
      { project: without("apis", "cloudresourcemanager.googleapis.com") },
      "cloudresourcemanager must be on because `up` turns the other APIs on with them; Google may need some minutes before it accepts calls",
      ["gcloud services enable cloudresourcemanager.googleapis.com --project=netra-staging"],
    ],
    [
      "a quota that is smaller than the plan says",
      "quotas",
      {
        project: (fresh) => ({
          ...fresh,
          quotas: quotaObjects(settings.limits.regionalCpu - 1, settings.limits.regionalMemoryGib),
        }),
      },
      `'netra:limits.regionalCpu' (${settings.limits.regionalCpu}) must be at most ${settings.limits.regionalCpu - 1} vCPU because that is the quota of us-central1`,
      [
        `set 'netra:limits.regionalCpu' to ${settings.limits.regionalCpu - 1}, or ask for more: gcloud quotas preferences create --service=run.googleapis.com --quota-id=CpuAllocPerProjectRegion --preferred-value=${settings.limits.regionalCpu * 1000} --dimensions=region=us-central1 --project=netra-staging`,
      ],
    ],
    [
      "no room for a security policy",
      "quotas",
      { project: at("projectQuotas", [computeObject("project", { SECURITY_POLICIES: [0, 0], NETWORKS: [15, 1] })]) },
      "the quota SECURITY_POLICIES must have room for 1 more because `up` creates that many (0 of 0 are in use)",
      [
        "ask for more at https://console.cloud.google.com/iam-admin/quotas?project=netra-staging, or delete unused ones",
      ],
    ],
    [
      "no room for endpoint groups in the region",
      "quotas",
      { project: at("regionQuotas", [computeObject("region", { NETWORK_ENDPOINT_GROUPS: [100, 98] })]) },
      "the quota NETWORK_ENDPOINT_GROUPS must have room for 3 more because `up` creates that many (98 of 100 are in use)",
      [
        "ask for more at https://console.cloud.google.com/iam-admin/quotas?project=netra-staging, or delete unused ones",
      ],
    ],
    [
      "another part of the world",
      "policies",
      {
        project: policies("gcp.resourceLocations", {
          values: { allowedValues: ["in:low-carbon-locations", "global"] },
        }),
      },
      "organisation policies gcp.resourceLocations: it names groups of values, and whether us-central1 is in one of them is not known",
      [],
    ],
    [
      "a part of the world without global",
      "policies",
      { project: policies("gcp.resourceLocations", { values: { allowedValues: ["in:us-locations"] } }) },
      "the organisation policy gcp.resourceLocations must allow global because the plan's resources are created in its region, and a secret with automatic replication in global",
      [exception("gcp.resourceLocations")],
    ],
    [
      "places by name, without global",
      "policies",
      { project: policies("gcp.resourceLocations", { values: { allowedValues: ["is:us-central1", "us-east1"] } }) },
      "the organisation policy gcp.resourceLocations must allow global because the plan's resources are created in its region, and a secret with automatic replication in global",
      [exception("gcp.resourceLocations")],
    ],
    [
      "a service without Google's keys",
      "policies",
      {
        project: policies("gcp.restrictNonCmekServices", {
          values: { deniedValues: ["is:sqladmin.googleapis.com", "is:bigquery.googleapis.com"] },
        }),
      },
      "the organisation policy gcp.restrictNonCmekServices must allow sqladmin.googleapis.com because the plan encrypts with Google's keys, and a service on this list creates nothing without a customer-managed key",
      [exception("gcp.restrictNonCmekServices")],
    ],
    [
      "an enforced check of invokers",
      "policies",
      { project: policies("run.managed.requireInvokerIam", { enforce: true }) },
      "the organisation policy run.managed.requireInvokerIam must not be enforced because a service with the invoker iam-disabled turns that check off",
      ["set netra:services.SERVICE.invoker to all-users or authenticated", exception("run.managed.requireInvokerIam")],
    ],
    [
      "egress of another kind",
      "policies",
      { project: policies("run.allowedVPCEgress", { values: { allowedValues: ["all-traffic"] } }) },
      "the organisation policy run.allowedVPCEgress must allow private-ranges-only because the services send that traffic through the VPC",
      ["set netra:services.SERVICE.egress to one that it allows", exception("run.allowedVPCEgress")],
    ],
    [
      "a peering with nobody",
      "policies",
      { project: policies("compute.restrictVpcPeering", { denyAll: true }) },
      "the organisation policy compute.restrictVpcPeering must allow under:organizations/433637338589 because the database gets its private address through a peering with Google's network",
      [exception("compute.restrictVpcPeering")],
    ],
    [
      "Binary Authorization",
      "policies",
      { project: policies("run.allowedBinaryAuthorizationPolicies", { values: { allowedValues: ["default"] } }) },
      "the organisation policy run.allowedBinaryAuthorizationPolicies must have no list of allowed values because the plan's services name no Binary Authorization policy, and a list refuses that",
      [exception("run.allowedBinaryAuthorizationPolicies")],
    ],
    [
      "members of other domains",
      "policies",
      {
        settings: { "netra:services": { auth: { invoker: "all-users" } } },
        project: policies("iam.allowedPolicyMemberDomains", { values: { allowedValues: ["is:C03xgje4y"] } }),
      },
      "the organisation policy iam.allowedPolicyMemberDomains must allow allUsers because the invoker all-users grants a service to everyone",
      ["set netra:services.SERVICE.invoker to iam-disabled", exception("iam.allowedPolicyMemberDomains")],
    ],
    [
      "load balancers of other types",
      "policies",
      {
        project: policies("compute.restrictLoadBalancerCreationForTypes", {
          values: { allowedValues: ["INTERNAL_TCP_UDP"] },
        }),
      },
      "the organisation policy compute.restrictLoadBalancerCreationForTypes must allow GLOBAL_EXTERNAL_MANAGED_HTTP_HTTPS because 'netra:edge' is a global external application load balancer",
      [exception("compute.restrictLoadBalancerCreationForTypes")],
    ],
    [
      "a service agent without its role",
      "agents",
      {
        project: (fresh) => ({
          ...fresh,
          access: [
            {
              bindings: [
                { role: "roles/owner", members: ["user:a@example.com"] },
                {
                  role: "roles/run.serviceAgent",
                  members: [`serviceAccount:service-${NUMBER}@serverless-robot-prod.iam.gserviceaccount.com`],
                },
              ],
            },
          ],
        }),
      },
      `service-${NUMBER}@gcp-sa-vpcaccess.iam.gserviceaccount.com must have roles/vpcaccess.serviceAgent because it creates the connector's machines`,
      [
        "gcloud beta services identity create --service=vpcaccess.googleapis.com --project=netra-staging",
        `gcloud projects add-iam-policy-binding netra-staging --member=serviceAccount:service-${NUMBER}@gcp-sa-vpcaccess.iam.gserviceaccount.com --role=roles/vpcaccess.serviceAgent --condition=None`,
      ],
    ],
    [
      "an image that nobody pushed",
      "images",
      {
        project: items("images", {
          [REGISTRY]: IMAGES.map((image) =>
            image.uri.includes("/backend@") ? imageObject("backend", "0.9.0") : image,
          ),
        }),
      },
      `'netra:services.backend.image' (${REGISTRY}/backend:1.0.0) must exist because Cloud Run refuses a service whose image it cannot find`,
      [
        `docker push ${REGISTRY}/backend:1.0.0`,
        `or set 'netra:services.backend.image' to one that exists: gcloud artifacts docker images list ${REGISTRY} --include-tags --format=json > images-us-central1-docker.pkg.dev_netra-staging_netra.json`,
      ],
    ],
    [
      "a digest that is not there",
      "images",
      { settings: { "netra:services": { backend: { image: `${REGISTRY}/backend@sha256:${"e".repeat(64)}` } } } },
      `'netra:services.backend.image' (${REGISTRY}/backend@sha256:${"e".repeat(64)}) must exist because Cloud Run refuses a service whose image it cannot find`,
      [
        `docker push ${REGISTRY}/backend`,
        `or set 'netra:services.backend.image' to one that exists: gcloud artifacts docker images list ${REGISTRY} --include-tags --format=json > images-us-central1-docker.pkg.dev_netra-staging_netra.json`,
      ],
    ],
    [
      "a secret of people's that is not there",
      "secrets",
      { settings: { "netra:adopt": undefined }, project: without("secrets", "openai-api-key-staging") },
      "'netra:secrets.OPENAI_API_KEY.version' (1) must exist because people add the value of openai-api-key-staging, and services that mount it do not start without it",
      [
        "gcloud secrets create openai-api-key-staging --replication-policy=automatic --project=netra-staging",
        "gcloud secrets versions add openai-api-key-staging --project=netra-staging --data-file=-",
        "add 'netra:adopt.openai-api-key-staging' as projects/netra-staging/secrets/openai-api-key-staging",
      ],
    ],
    [
      "a secret without a value",
      "secrets",
      { project: items("versions", { "openai-api-key-staging": [] }) },
      "'netra:secrets.OPENAI_API_KEY.version' (1) must exist because people add the value of openai-api-key-staging, and services that mount it do not start without it",
      ["gcloud secrets versions add openai-api-key-staging --project=netra-staging --data-file=-"],
    ],
    [
      "a version that is disabled",
      "secrets",
      {
        project: items("versions", {
          "openai-api-key-staging": [versionObject("openai-api-key-staging", 1, "DISABLED")],
        }),
      },
      "'netra:secrets.OPENAI_API_KEY.version' (1) must be enabled because no instance that mounts openai-api-key-staging can start",
      ["gcloud secrets versions enable 1 --secret=openai-api-key-staging --project=netra-staging"],
    ],
    [
      "a version that is destroyed, beside a newer one",
      "secrets",
      {
        project: items("versions", {
          "openai-api-key-staging": [
            versionObject("openai-api-key-staging", 2),
            versionObject("openai-api-key-staging", 1, "DESTROYED"),
          ],
        }),
      },
      "'netra:secrets.OPENAI_API_KEY.version' (1) must be a version of openai-api-key-staging that is enabled because no instance that mounts it can start",
      ["set 'netra:secrets.OPENAI_API_KEY.version' to 2"],
    ],
    [
      "the only version destroyed",
      "secrets",
      {
        project: items("versions", {
          "openai-api-key-staging": [versionObject("openai-api-key-staging", 1, "DESTROYED")],
        }),
      },
      "'netra:secrets.OPENAI_API_KEY.version' (1) must exist because people add the value of openai-api-key-staging, and services that mount it do not start without it",
      [
        "gcloud secrets versions add openai-api-key-staging --project=netra-staging --data-file=-",
        "set 'netra:secrets.OPENAI_API_KEY.version' to 2",
      ],
    ],
    [
      "a number that the stack's own secret will not get",
      "secrets",
      { settings: { "netra:secrets": { JWT_SECRET_KEY: { version: 3, rotation: 2 } } } },
      "'netra:secrets.JWT_SECRET_KEY.version' (3) must be 2 because Secret Manager gives this number to the version of jwt-secret-staging that `up` adds",
      ["set 'netra:secrets.JWT_SECRET_KEY.version' to 2"],
    ],
    [
      "a range that a subnetwork has",
      "ranges",
      { project: at("subnetworks", [subnet("somebody", "10.1.0.0/20")]) },
      "'netra:connector.ipCidrRange' (10.1.0.0/28) must be free because somebody (10.1.0.0/20) overlaps it, and Google refuses a range that is in use",
      ["set 'netra:connector.ipCidrRange' to 10.2.0.0/28"],
    ],
    [
      "a range that is peered, and one that a route leads away",
      "ranges",
      {
        project: at("routes", [
          {
            kind: "compute#route",
            name: "to-the-office",
            network,
            destRange: "10.107.128.0/17",
            nextHopVpnTunnel: "vpn",
          },
          {
            kind: "compute#route",
            name: "default-route-1",
            network,
            destRange: "0.0.0.0/0",
            nextHopGateway: "default-internet-gateway",
          },
          {
            kind: "compute#route",
            name: "elsewhere",
            network: network.replace("staging-vpc", "other"),
            destRange: "10.1.0.0/28",
          },
        ]),
      },
      "'netra:network.privateServicesCidr' (10.107.0.0/16) must be free because route to-the-office (10.107.128.0/17) overlaps it, and Google refuses a range that is in use",
      ["set 'netra:network.privateServicesCidr' to 10.2.0.0/16"],
    ],
    [
      "a connector in ERROR",
      "existing",
      {
        project: at("connectors", [{ ...fixture("healthy", "connectors.json")[0], state: "ERROR" }]),
        preview: '{"changeSummary":{"create":0}}',
      },
      "staging-connector is in ERROR and must be deleted because no connector of the same name can be created beside it; it carries no traffic",
      [
        "gcloud compute networks vpc-access connectors delete staging-connector --region=us-central1 --project=netra-staging",
      ],
    ],
    [
      "a Redis instance that is being repaired",
      "existing",
      {
        project: at("caches", [{ ...fixture("healthy", "redis.json")[0], state: "REPAIRING" }]),
        preview: '{"changeSummary":{"create":0}}',
      },
      "staging-redis must be ready because `up` waits for it or is refused (state = REPAIRING)",
      ["gcloud redis operations list --project=netra-staging --region=us-central1"],
    ],
    [
      "an adopted network that does not exist",
      "existing",
      {
        settings: { "netra:adopt": { "staging-vpc": "projects/netra-staging/global/networks/staging-vpc" } },
        preview: '{"changeSummary":{"create":0}}',
      },
      "'netra:adopt.staging-vpc' must name something that exists because `up` imports it",
      ["remove 'netra:adopt.staging-vpc': `up` then creates it"],
    ],
  ])("%s", async (_, key, one, text, mend) => {
    const found = await asked(one);
    const [answer] = answersOf(found, key).filter(({ status }) => status !== "fine");
    expect(found.ok).toBe(false);
    if (mend.length > 0) expect(answer).toEqual({ status: "wrong", about: "", text, mend });
    else expect(`${answer?.about}: ${answer?.text}`).toBe(text);
    // The files say it, too.
    expect(answersOf(saved(one), key)).toEqual(answersOf(found, key));
  });

  test("a quota that holds the plan, but not beside what other services take", async () => {
    const other = structuredClone(fixture("healthy", "frontend.json"));
    other.name = "projects/netra-staging/locations/us-central1/services/somebody-else";
    other.scaling = { maxInstanceCount: 10 };
    const one = { project: at("services", [other]), preview: '{"changeSummary":{"create":0}}' };
    const [answer] = answersOf(await asked(one), "quotas").filter(({ status }) => status === "wrong");
    expect(answer?.text).toMatch(
      /^'netra:services\.\w+\.maxInstances' \(\d+\) must keep all services within the .*others \(somebody-else\) may take 10 vCPU and 5 GiB of it\)$/,
    );
  });

  test("an image of a public registry is as its registry says", () => {
    const image = `docker.io/library/postgres:14-alpine@sha256:${"f".repeat(64)}`;
    const of = settingsWith({ "netra:database": { roles: { image } } });
    const answers = (publicImages: ReadonlyMap<string, boolean | string>) => {
      const folder = save(freshProject(of), of);
      const { collection, deployed } = deployedFrom(collectFromFiles(folder, of), of);
      rmSync(folder, { recursive: true });
      return answersOf(
        preflight({ settings: of, collection, deployed, preview: undefined, publicImages }, [], []),
        "images",
      ).map(({ status, text, mend }) => [status, text, ...mend]);
    };
    expect(answers(new Map([[image, true]])).map(([status]) => status)).toEqual(["fine"]);
    expect(answers(new Map([[image, false]]))).toEqual([
      [
        "wrong",
        `'netra:database.roles.image' (${image}) must exist because Cloud Run refuses what it cannot find`,
        `set 'netra:database.roles.image' to an image that exists: docker manifest inspect ${image}`,
      ],
    ]);
    expect(answers(new Map([[image, "registry-1.docker.io cannot be reached"]]))).toEqual([
      ["open", "registry-1.docker.io cannot be reached", `docker manifest inspect ${image}`],
    ]);
  });

  test("a repository that does not exist is made before the image is pushed", async () => {
    const answers = answersOf(
      await asked({ project: (fresh) => ({ ...fresh, items: { ...fresh.items, images: {} } }) }),
      "images",
    );
    expect(answers.find(({ text }) => text.includes("auth"))).toEqual({
      status: "wrong",
      about: "",
      text: `the repository of 'netra:services.auth.image' (${REGISTRY}) must exist because Cloud Run pulls the image from it`,
      mend: [
        "gcloud artifacts repositories create netra --repository-format=docker --location=us-central1 --project=netra-staging",
        `docker push ${REGISTRY}/auth:1.0.0`,
      ],
    });
  });

  test("what exists and would be made again is adopted: the preview says what the stack's state has", async () => {
    const networks = at("networks", fixture("healthy", "networks.json"));
    const urn = (type: string, name: string) => `urn:pulumi:staging::netra::${type}::${name}`;
    const preview = (op: string) =>
      JSON.stringify({
        steps: [{ op, urn: urn("gcp:compute/network:Network", "staging-vpc") }],
        changeSummary: { [op]: 1 },
      });
    const answers = async (one: Case) => answersOf(await asked({ project: networks, ...one }), "existing");
    expect(await answers({ preview: preview("create") })).toEqual([
      {
        status: "wrong",
        about: "",
        text: "staging-vpc must be adopted, or have another name, because `up` creates what is not in the stack's state, and Google refuses that (409)",
        mend: [
          "add 'netra:adopt.staging-vpc' as projects/netra-staging/global/networks/staging-vpc",
          "where an earlier `up` was interrupted, instead: npm run recover",
        ],
      },
    ]);
    expect((await answers({ preview: preview("same") })).map(({ status }) => status)).toEqual(["fine"]);
    expect(
      (
        await answers({
          settings: { "netra:adopt": { "staging-vpc": "projects/netra-staging/global/networks/staging-vpc" } },
        })
      ).map(({ status }) => status),
    ).not.toContain("wrong");
    expect(await answers({})).toEqual([
      {
        status: "open",
        about: "staging-vpc",
        text: "they exist, and only a preview shows whether the stack owns them or would create them again (409)",
        mend: ["npm run --silent preview -- --json > preview.json", "run this command with --preview preview.json"],
      },
    ]);
  });

  test("the stack's own ranges are no conflict, nor are their routes and peerings", async () => {
    const routes = [
      {
        kind: "compute#route",
        name: "default-route-subnet",
        network,
        destRange: "10.0.0.0/24",
        nextHopNetwork: network,
      },
      {
        kind: "compute#route",
        name: "peering-route-sql",
        network,
        destRange: "10.107.0.0/24",
        nextHopPeering: "servicenetworking-googleapis-com",
      },
      {
        kind: "compute#route",
        name: "peering-route-redis",
        network,
        destRange: "10.166.204.80/29",
        nextHopPeering: "redis-peer-701982941522",
      },
    ];
    const addresses = [
      {
        kind: "compute#address",
        name: "staging-private-ip-address",
        address: "10.107.0.0",
        prefixLength: 16,
        purpose: "VPC_PEERING",
        addressType: "INTERNAL",
        network,
      },
    ];
    const own = (fresh: Project): Project => ({
      ...fresh,
      routes,
      addresses,
      subnetworks: fixture("healthy", "subnetworks.json"),
      connectors: fixture("healthy", "connectors.json"),
      caches: fixture("healthy", "redis.json"),
    });
    expect(answersOf(await asked({ project: own }), "ranges").map(({ status }) => status)).toEqual(["fine"]);
  });

  test("a version of the stack's own that is gone, and that no step of the update adds", async () => {
    const id = "jwt-secret-staging";
    const one = (...versions: readonly object[]): Case => ({
      preview: '{"changeSummary":{"same":1}}',
      project: (fresh) => ({
        ...fresh,
        secrets: [...fresh.secrets, secretObject(id)],
        items: { ...fresh.items, versions: { ...fresh.items.versions, [id]: versions } },
      }),
    });
    const about = async (of: Case) =>
      answersOf(await asked(of), "secrets").find(({ text }) => text.includes("JWT_SECRET_KEY"));
    expect(await about(one(versionObject(id, 1, "DESTROYED"), versionObject(id, 2)))).toMatchObject({
      status: "wrong",
      text: "'netra:secrets.JWT_SECRET_KEY.version' (1) must be a version of jwt-secret-staging that is enabled because `up` adds none, and no instance that mounts it can start",
      mend: ["set 'netra:secrets.JWT_SECRET_KEY.version' to 2"],
    });
    expect((await about(one(versionObject(id, 1, "DESTROYED"))))?.mend).toEqual([
      "raise 'rotation' beside 'netra:secrets.JWT_SECRET_KEY.version' by one, and set that to 2",
    ]);
  });

  test("the next rotation of a secret that the stack owns", async () => {
    const id = "jwt-secret-staging";
    const project = (fresh: Project): Project => ({
      ...fresh,
      secrets: [...fresh.secrets, secretObject(id)],
      items: { ...fresh.items, versions: { ...fresh.items.versions, [id]: [versionObject(id, 1)] } },
    });
    const rotated = (version: number) => ({
      settings: { "netra:secrets": { JWT_SECRET_KEY: { version, rotation: 2 } } },
      project,
    });
    expect(answersOf(await asked(rotated(2)), "secrets").map(({ status }) => status)).toEqual(["fine"]);
    expect(answersOf(await asked(rotated(3)), "secrets")[0]?.mend).toEqual([
      "set 'netra:secrets.JWT_SECRET_KEY.version' to 2",
    ]);
  });

  test("APIs that `up` turns on are no fault, and nothing of them exists", async () => {
    const off = ["redis", "vpcaccess"];
    const one: Case = { project: without("apis", ...off.map((api) => `${api}.googleapis.com`)) };
    const of = settingsWith();
    serve(server, (one.project ?? ((fresh) => fresh))(freshProject(of)), of);
    for (const path of [
      "redis/v1/projects/netra-staging/locations/us-central1/instances",
      "vpcaccess/v1/projects/netra-staging/locations/us-central1/connectors",
    ])
      server.answers.set(path, refuse(403, "PERMISSION_DENIED", {}, "SERVICE_DISABLED"));
    const found = preflightOf(await collectFromApi(server.cloud(), of, readingOf(of)), of, one);
    expect(notFine(found)).toEqual([]);
    expect(answersOf(found, "apis")).toEqual([
      {
        status: "fine",
        about: "",
        text: "`up` turns on redis and vpcaccess; a new API may refuse calls for some minutes, so turn it on now",
        mend: ["gcloud services enable redis.googleapis.com vpcaccess.googleapis.com --project=netra-staging"],
      },
    ]);
  });
});

test("a project that runs: nothing of the stack's own is wrong", async () => {
  const exists: Case = {
    preview: '{"changeSummary":{"same":157}}',
    project: (fresh) => {
      const all = adoptables(settings);
      const listed = (source: Source, kind: string) =>
        all
          .filter(({ type }) => SOURCE_OF[type] === source)
          .map(({ id }) => ({ kind: `compute#${kind}`, name: cloudName(id)?.name }));
      const secrets = Object.values(settings.secrets).map(({ id }) => id);
      return {
        ...fresh,
        networks: [
          { ...fixture("healthy", "networks.json")[0], peerings: [{ name: "servicenetworking-googleapis-com" }] },
        ],
        subnetworks: fixture("healthy", "subnetworks.json"),
        connectors: fixture("healthy", "connectors.json"),
        instances: fixture("healthy", "instances.json"),
        caches: fixture("healthy", "redis.json"),
        services: [...fixture("healthy", "services.json"), fixture("healthy", "frontend.json")],
        jobs: all
          .filter(({ type }) => SOURCE_OF[type] === "jobs")
          .map(({ id }) => ({ name: id, template: { template: {} } })),
        secrets: secrets.map(secretObject),
        accounts: all.filter(({ type }) => SOURCE_OF[type] === "accounts").map(({ id }) => ({ name: id })),
        addresses: listed("addresses", "address"),
        securityPolicies: listed("securityPolicies", "securityPolicy"),
        sslPolicies: listed("sslPolicies", "sslPolicy"),
        certificates: listed("certificates", "sslCertificate"),
        urlMaps: listed("urlMaps", "urlMap"),
        httpsProxies: listed("httpsProxies", "targetHttpsProxy"),
        httpProxies: listed("httpProxies", "targetHttpProxy"),
        forwardingRules: listed("forwardingRules", "forwardingRule"),
        backends: listed("backends", "backendService"),
        endpointGroups: listed("endpointGroups", "networkEndpointGroup"),
        // All of it is in use.
        projectQuotas: [computeObject("project", { NETWORKS: [1, 1], SECURITY_POLICIES: [1, 1], URL_MAPS: [2, 2] })],
        items: {
          ...fresh.items,
          versions: Object.fromEntries(secrets.map((id) => [id, [versionObject(id, 1)]])),
          databases: {
            "staging-shared-postgres": [
              {
                kind: "sql#database",
                name: "netra_staging",
                instance: "staging-shared-postgres",
                project: LOCATION.project,
              },
            ],
          },
        },
      };
    },
  };
  const found = saved(exists);
  expect(notFine(found)).toEqual([]);
  expect(answersOf(found, "existing")[0]?.text).toMatch(/^(\d+) of \1 exist and are in the stack's state or adopted$/);
});

describe("what cannot be read is open, and the gate stays shut", () => {
  const closed = async (
    path: string,
    answer: Parameters<typeof server.answers.set>[1],
    mayStayOpen: readonly CheckKey[] = [],
  ) => {
    serve(server, freshProject(settings), settings);
    server.answers.set(path, answer);
    return preflightOf(await collectFromApi(server.cloud(), settings, readingOf(settings)), settings, { mayStayOpen });
  };

  test.each<[string, CheckKey, string, string, string]>([
    [
      "quotas",
      "quotas",
      "cloudquotas/v1/projects/netra-staging/locations/global/services/run.googleapis.com/quotaInfos",
      "Cloud Run quotas",
      "roles/cloudquotas.viewer",
    ],
    [
      "the IAM policy",
      "agents",
      "cloudresourcemanager/v1/projects/netra-staging:getIamPolicy",
      "the project's IAM policy",
      "roles/browser",
    ],
    [
      "one policy",
      "policies",
      "orgpolicy/v2/projects/netra-staging/policies/run.allowedIngress:getEffectivePolicy",
      "organisation policies run.allowedIngress",
      "roles/orgpolicy.policyViewer",
    ],
    [
      "images",
      "images",
      "artifactregistry/v1/projects/netra-staging/locations/us-central1/repositories/netra/dockerImages",
      `images of ${REGISTRY}`,
      "roles/artifactregistry.reader",
    ],
    ["routes", "ranges", "compute/compute/v1/projects/netra-staging/global/routes", "routes", "roles/compute.viewer"],
    [
      "versions",
      "secrets",
      "secretmanager/v1/projects/netra-staging/secrets/gemini-api-key-staging/versions",
      "versions of secrets of gemini-api-key-staging",
      "roles/secretmanager.viewer",
    ],
    [
      "service accounts",
      "existing",
      "iam/v1/projects/netra-staging/serviceAccounts",
      "service accounts",
      "roles/iam.serviceAccountViewer",
    ],
  ])("%s, without the role", async (_, key, path, about, role) => {
    const found = await closed(path, refuse(403, "PERMISSION_DENIED", {}, "IAM_PERMISSION_DENIED"));
    expect(notFine(found).map((check) => check.key)).toEqual([key]);
    const answer = answersOf(found, key).find(({ status }) => status === "open");
    expect(answer).toMatchObject({
      about,
      text: `${path.split("/")[0]}.googleapis.com denies access to these credentials (403) (${role} lets it be read)`,
    });
    expect(answer?.mend[0]).toMatch(/^(gcloud .* > \S+|for id in )/);
    expect(found.ok).toBe(false);
  });

  test("an API that is off is turned on by the command that its reason has", async () => {
    const found = await closed(
      "cloudquotas/v1/projects/netra-staging/locations/global/services/run.googleapis.com/quotaInfos",
      refuse(403, "PERMISSION_DENIED", {}, "SERVICE_DISABLED"),
    );
    expect(answersOf(found, "quotas").find(({ status }) => status === "open")).toEqual({
      status: "open",
      about: "Cloud Run quotas",
      text: "the API cloudquotas.googleapis.com is off",
      mend: ["gcloud services enable cloudquotas.googleapis.com"],
    });
  });

  test("a check that may stay open passes, and is still named; one that is wrong never does", async () => {
    const path = "orgpolicy/v2/projects/netra-staging/policies/run.allowedIngress:getEffectivePolicy";
    const found = await closed(path, refuse(403, "PERMISSION_DENIED"), ["policies"]);
    expect(found).toMatchObject({ ok: true, mayStayOpen: ["policies"] });
    expect(notFine(found).map(({ key, status }) => `${key} ${status}`)).toEqual(["policies open"]);
    const forbidden = await closed(
      path,
      policyObject("run.allowedIngress", { values: { allowedValues: ["internal"] } }),
      ["policies"],
    );
    expect(forbidden.ok).toBe(false);
  });

  test("where nothing is shown nothing is taken for there", () => {
    const none = { listed: new Set<string>(), absent: new Set<string>(), gaps: new Map() };
    const nothing: Collection = {
      objects: [],
      collected: new Set(),
      listed: new Set(),
      hidden: new Map(),
      gaps: new Map(),
      items: { versions: none, policies: none, images: none, databases: none },
      notes: [],
    };
    const { ok, checks } = preflightOf(nothing, settings, {});
    expect(ok).toBe(false);
    expect(new Set(checks.map(({ status }) => status))).toEqual(new Set(["open"]));
  });

  test("an object of an unknown form", async () => {
    const found = await closed("compute/compute/v1/projects/netra-staging/global/routes", {
      items: [{ kind: "compute#route", name: "r" }],
    });
    expect(answersOf(found, "ranges")).toEqual([
      {
        status: "open",
        about: "routes",
        text: "compute.googleapis.com shows an object of an unknown form",
        mend: ["gcloud compute routes list --project=netra-staging --format=json > routes.json"],
      },
    ]);
  });
});
