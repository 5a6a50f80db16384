import { planChecks } from "../../capacity/checks";
import { adoptables } from "../../config/adoption";
import { planOf } from "../../config/read";
import {
  FORWARDING_RULE,
  GLOBAL_ADDRESS,
  HTTPS_PROXY,
  MANAGED_CERTIFICATE,
  NETWORK,
  REGION_NEG,
  ROUTER,
  SECURITY_POLICY,
  SSL_POLICY,
  SUBNETWORK,
  URL_MAP,
} from "../../config/resource-types";
import { ifReadable } from "../../policy/framework/inputs";
import { maximumOf } from "../../policy/resources/scaling";
import { instanceSize } from "../../policy/resources/workload";
import { workloadIn } from "../shared/cloud/deployed";
import { collectingLine, SOURCES } from "../shared/cloud/sources";
import { type Answer, fine, open, wrong } from "./answer";
import { existenceOf } from "./existing";
import { type Facts, isOff, listOf, theOnly, unread } from "./facts";
import { computeQuotas, quotaInfo } from "./schemas";

/**
 * Cloud Run's quotas in a region, and their units. Source: Google's refusal, "CpuAllocPerProjectRegion requested:
 * 200000 allowed: 56000" for 200 of 56 vCPU.
 */
const RUN_QUOTAS = [
  { key: "regionalCpu", id: "CpuAllocPerProjectRegion", unit: "vCPU", perUnit: 1000 },
  { key: "regionalMemoryGib", id: "MemAllocPerProjectRegion", unit: "GiB", perUnit: 2 ** 30 },
] as const;

/** Whether the current quotas hold the plan. */
export function judgeQuotas(facts: Facts): Answer[] {
  const answers = [...runAnswers(facts), ...computeAnswers(facts)];
  const bad = answers.filter(({ status }) => status !== "fine");
  return bad.length > 0 ? bad : answers;
}

function runAnswers(facts: Facts): Answer[] {
  const { settings, collection } = facts;
  const line = collectingLine("quotas", settings);
  if (isOff(facts, "run"))
    return [
      open(
        SOURCES.quotas.what,
        "Google shows them when the API run.googleapis.com is on",
        "gcloud services enable run.googleapis.com",
      ),
    ];
  if (!collection.listed.has("quotas")) return [unread(facts, "quotas")];
  const known = listOf(facts, "quotas", quotaInfo);
  if ("open" in known) return [known.open];
  const limits = RUN_QUOTAS.map((quota) => ({
    ...quota,
    limit: limitIn(
      settings.region,
      known.objects.find(({ quotaId }) => quotaId === quota.id),
    ),
  }));
  const unshown = limits.filter(({ limit }) => limit === undefined);
  if (unshown.length > 0)
    return unshown.map(({ id }) => open(SOURCES.quotas.what, `${id} is not shown for ${settings.region}`, line));
  const others = otherWorkloads(facts);
  if ("open" in others) return [others.open];
  const live = limits.map(({ limit = 0, perUnit, ...quota }) => ({
    ...quota,
    perUnit,
    amount: limit < 0 ? Number.POSITIVE_INFINITY : limit / perUnit,
  }));
  const left = Object.fromEntries(live.map(({ key, amount }) => [key, amount - others[key]]));
  const plan = planOf({ ...settings, limits: { ...settings.limits, ...left } });
  const check = planChecks(plan).find(({ figures }) => "regionalCpu" in figures);
  const byOthers =
    others.names.length > 0
      ? `; others (${others.names.join(", ")}) may take ${others.regionalCpu} vCPU and ${others.regionalMemoryGib} GiB of it`
      : "";
  const shown = live
    .map(({ amount, unit }) => `${Number.isFinite(amount) ? amount : "unlimited"} ${unit}`)
    .join(" and ");
  return [
    ...live.flatMap(({ key, id, unit, amount, perUnit }) =>
      settings.limits[key] <= amount
        ? []
        : [
            wrong(
              `'netra:limits.${key}' (${settings.limits[key]}) must be at most ${amount} ${unit} because that is the quota of ${settings.region}`,
              [
                `set 'netra:limits.${key}' to ${amount}, or ask for more: gcloud quotas preferences create --service=run.googleapis.com --quota-id=${id} --preferred-value=${settings.limits[key] * perUnit} --dimensions=region=${settings.region} --project=${settings.project}`,
              ],
            ),
          ],
    ),
    ...(check?.problems ?? []).map(({ message }) => wrong(`${message} (Google grants ${shown}${byOthers})`, [])),
    fine(`Cloud Run has ${shown} in ${settings.region}${byOthers}`),
  ];
}

/** The region's limit, else the default limit; -1: no limit. */
function limitIn(
  region: string,
  info:
    | {
        readonly dimensionsInfos: readonly {
          readonly dimensions: Readonly<Record<string, string>>;
          readonly details: { readonly value?: number | undefined };
          readonly applicableLocations: readonly string[];
        }[];
      }
    | undefined,
): number | undefined {
  const own = info?.dimensionsInfos.find(({ dimensions }) => dimensions.region === region);
  const common = info?.dimensionsInfos.find(
    ({ dimensions, applicableLocations }) =>
      dimensions.region === undefined && (applicableLocations.length === 0 || applicableLocations.includes(region)),
  );
  return (own ?? common)?.details.value;
}

type OtherWorkloads =
  | { readonly names: readonly string[]; readonly regionalCpu: number; readonly regionalMemoryGib: number }
  | { readonly open: Answer };

/** What services and jobs of the region take that are not the plan's: the quota is the project's. */
function otherWorkloads(facts: Facts): OtherWorkloads {
  const { settings, deployed, collection } = facts;
  const [unlisted] = (["services", "jobs"] as const).filter((source) => !collection.listed.has(source));
  if (unlisted !== undefined) return { open: unread(facts, unlisted) };
  const own = new Set(adoptables(settings).map(({ id }) => id));
  const others = deployed.filter(
    ({ source, id, region }) => ["services", "jobs"].includes(source) && region === settings.region && !own.has(id),
  );
  const sizes = others.map((one) => {
    const workload = workloadIn(one, settings);
    return workload && ifReadable(() => ({ ...instanceSize(workload), instances: maximumOf(workload).instances }));
  });
  const unknown = others.find((_, i) => sizes[i] === undefined);
  if (unknown)
    return {
      open: open(
        unknown.label,
        "what it may take of the region's quota is not known, because it states no maximum of instances",
        collectingLine(unknown.source, settings),
      ),
    };
  const sum = (amount: (size: NonNullable<(typeof sizes)[number]>) => number) =>
    sizes.reduce((total, size) => total + (size ? size.instances * amount(size) : 0), 0);
  return {
    names: others.map(({ name }) => name),
    regionalCpu: sum(({ cpu }) => cpu),
    regionalMemoryGib: sum(({ memoryMib }) => memoryMib) / 1024,
  };
}

/**
 * What a resource counts towards. Source: docs.cloud.google.com/compute/docs/reference/rest/v1/projects/get and
 * regions/get, quotas[].metric.
 */
const METRIC_OF: Readonly<Record<string, string>> = {
  [NETWORK]: "NETWORKS",
  [SUBNETWORK]: "SUBNETWORKS",
  [ROUTER]: "ROUTERS",
  [SECURITY_POLICY]: "SECURITY_POLICIES",
  [SSL_POLICY]: "SSL_POLICIES",
  [MANAGED_CERTIFICATE]: "SSL_CERTIFICATES",
  [URL_MAP]: "URL_MAPS",
  [HTTPS_PROXY]: "TARGET_HTTPS_PROXIES",
  "gcp:compute/targetHttpProxy:TargetHttpProxy": "TARGET_HTTP_PROXIES",
  "gcp:compute/backendService:BackendService": "BACKEND_SERVICES",
  [FORWARDING_RULE]: "GLOBAL_EXTERNAL_MANAGED_FORWARDING_RULES",
  [REGION_NEG]: "NETWORK_ENDPOINT_GROUPS",
};

/** Whether there is room for what the plan makes in Compute Engine. */
function computeAnswers(facts: Facts): Answer[] {
  const { settings } = facts;
  if (isOff(facts, "compute")) return [];
  const sources = (["projectQuotas", "regionQuotas"] as const).map((source) => theOnly(facts, source, computeQuotas));
  const unknown = sources.flatMap((known) => ("open" in known ? [known.open] : []));
  if (unknown.length > 0) return unknown;
  const quotas = sources.flatMap((known) => ("object" in known ? known.object.quotas : []));
  const made = adoptables(settings).filter((one) => existenceOf(facts, one) === false);
  // The range for Google's services is internal; the load balancer's address is a static one.
  const metricOf = ({ type, name }: { readonly type: string; readonly name: string }) =>
    type === GLOBAL_ADDRESS ? (name === settings.edge?.address ? "STATIC_ADDRESSES" : undefined) : METRIC_OF[type];
  const short = quotas.flatMap(({ metric, limit, usage }) => {
    const needed = made.filter((one) => metricOf(one) === metric).length;
    return needed > limit - usage ? [{ metric, limit, usage, needed }] : [];
  });
  return short.map(({ metric, limit, usage, needed }) =>
    wrong(
      `the quota ${metric} must have room for ${needed} more because \`up\` creates that many (${usage} of ${limit} are in use)`,
      [
        `ask for more at https://console.cloud.google.com/iam-admin/quotas?project=${settings.project}, or delete unused ones`,
      ],
    ),
  );
}
