import { probeWindowSeconds } from "../../capacity/constraints/cloudrun";
import { databaseVariables } from "../../capacity/plan";
import { percentText } from "../../capacity/storm/statistics";
import type { Settings } from "../../config/schema";
import { Inputs } from "../../policy/framework/inputs";
import { cloudName } from "../../policy/resources/cloud-name";
import { probeTiming } from "../../policy/resources/probes";
import type { Collection } from "../shared/cloud/classify";
import type { Deployed } from "../shared/cloud/deployed";
import { collectingLine, SOURCES, type Source } from "../shared/cloud/sources";
import { notifyingPolicyNames } from "./alerts";
import type { DatabaseCapacity } from "./capacity";
import type { HourAnswer } from "./figures";
import { type Finding, NAT_UNKNOWN, type Unjudged } from "./findings";
import type { RegionAnswer } from "./incidents";
import { type OpenPart, openPart } from "./open-part";
import { unknownReadiness } from "./readiness";
import type { SecretsAnswer } from "./secrets";
import { QUESTIONS, type QuestionKey } from "./triage";

/** A question of the incident report with its answer. */
export interface Question {
  readonly key: QuestionKey;
  readonly question: string;
  /** A question with findings can also have open parts. */
  readonly status: "healthy" | "findings" | "open";
  /** The answer in one line; empty: none. */
  readonly answer: string;
  /** What is missing, and what would answer it. */
  readonly open: readonly OpenPart[];
}

/** What was read of an environment. */
export interface Observed {
  readonly settings: Settings;
  readonly collection: Collection;
  readonly deployed: readonly Deployed[];
  readonly capacities: readonly DatabaseCapacity[];
  readonly region: RegionAnswer;
  /** `undefined`: saved files have no figures, so the question is left out. */
  readonly hour: HourAnswer | undefined;
}

/** Everything that answers need. */
export interface QuestionContext extends Observed {
  readonly findings: readonly Finding[];
  readonly unjudged: readonly Unjudged[];
  readonly secrets: SecretsAnswer;
}

/** The sources that each question needs. */
const NEEDS: Readonly<Record<QuestionKey, readonly Source[]>> = {
  instance: ["instances"],
  connector: ["connectors"],
  path: ["services", "instances", "connectors"],
  maxConnections: ["instances"],
  secrets: ["services", "jobs"],
  probes: ["services"],
  jwt: ["services"],
  budget: ["services", "jobs", "instances"],
  storm: ["services", "instances", "connectors"],
  watched: ["alerts", "channels", "services", "instances", "connectors"],
  region: [],
  hour: [],
  rest: ["services", "caches", "secrets", "subnetworks"],
};

/** Every question, answered as far as it can be. */
export function answersTo(known: QuestionContext): Question[] {
  // The keys are those of QUESTIONS.
  return (Object.keys(QUESTIONS) as QuestionKey[]).flatMap((key): Question[] => {
    if (key === "hour" && known.hour === undefined) return [];
    const open = openPartsOf(key, known);
    const status = known.findings.some(({ questions }) => questions.includes(key))
      ? "findings"
      : open.length > 0
        ? "open"
        : "healthy";
    return [{ key, question: QUESTIONS[key], status, answer: ANSWERS[key](known), open }];
  });
}

function openPartsOf(key: QuestionKey, known: QuestionContext): Question["open"] {
  const { settings, deployed, unjudged, secrets, region, hour } = known;
  const absent = (key === "watched" && settings.monitoring.disabled ? [] : NEEDS[key]).flatMap((source) =>
    missing(source, known),
  );
  const isComplete = absent.length === 0;
  const parts = [
    ...absent,
    // While sources are missing, a rule's open result adds no information.
    ...unjudged
      .filter(({ question, why }) => question === key && (isComplete || why === NAT_UNKNOWN))
      .map(({ resource, why }) =>
        openPart(resource, { why }, why === NAT_UNKNOWN ? { command: collectingLine("routers", settings) } : undefined),
      ),
    ...unknownReadiness(key, deployed, settings),
    ...(isComplete && (key === "budget" || key === "storm") ? uncounted(known) : []),
    ...(key === "secrets" ? unknownVersions(secrets, settings) : []),
    ...(key === "region" && region.open
      ? [
          openPart(
            "",
            { why: region.open },
            {
              advice: `npm run diagnose -- ... --incidents FILE, or https://status.cloud.google.com/regional/${settings.region}`,
            },
          ),
        ]
      : []),
    ...(key === "hour"
      ? (hour?.open ?? []).map(({ subject, ...gap }) =>
          openPart(subject, gap, { advice: "roles/monitoring.viewer, and monitoring.googleapis.com on" }),
        )
      : []),
  ];
  return parts.filter(({ missing: text }, i) => parts.findIndex((other) => other.missing === text) === i);
}

/** Services that use the database by the plan but whose connections could not be counted. */
function uncounted({ settings, deployed, capacities }: QuestionContext): Question["open"] {
  const counted = capacities.flatMap((capacity) => capacity.services);
  const isDeployed = (name: string) => services(deployed).some((service) => service.label === name);
  return Object.values(settings.services).flatMap(({ name, database }) =>
    database && isDeployed(name) && !counted.includes(name)
      ? [
          openPart(
            name,
            { why: "its connections are not counted" },
            {
              advice: `state ${Object.values(databaseVariables).join(", ")} and POSTGRES_HOST as variables of the service`,
            },
          ),
        ]
      : [],
  );
}

/** One entry for each reason. */
function unknownVersions({ open }: SecretsAnswer, settings: Settings): Question["open"] {
  return [...new Set(open.map(({ why }) => why))].map((why) => {
    const same = open.filter((one) => one.why === why);
    const [first = "", ...others] = same.map(({ secret }) => secret);
    return openPart(
      `versions of ${[first, ...others].join(", ")}`,
      { why, mend: same[0]?.mend },
      { command: collectingLine("versions", settings, others.length > 0 ? undefined : first) },
    );
  });
}

/** What is expected of a source and unknown. */
function missing(source: Source, { settings, collection, deployed }: QuestionContext): Question["open"] {
  const answeredBy = { command: collectingLine(source, settings) };
  const { what } = SOURCES[source];
  const gap = collection.gaps.get(source);
  if (gap !== undefined) return [openPart(what, gap, answeredBy)];
  const why = collection.hidden.get(source);
  if (!collection.collected.has(source))
    return [openPart(what, { why: why ?? `no file shows any of ${settings.project}` }, answeredBy)];
  if (collection.listed.has(source)) return [];
  const absent = absentOf(source, deployed, settings);
  const hidden = why ?? (EXPECTED[source] ? undefined : "only single objects are shown, and there may be others");
  return [
    ...(absent.length > 0
      ? [openPart(what, { why: `${absent.join(", ")} ${absent.length > 1 ? "are" : "is"} not among them` }, answeredBy)]
      : []),
    ...(hidden === undefined ? [] : [openPart(what, { why: hidden }, answeredBy)]),
  ];
}

/** What the plan expects of a source and is not shown. */
export function absentOf(source: Source, deployed: readonly Deployed[], settings: Settings): string[] {
  const labels = deployed.filter((one) => one.source === source).map(({ label }) => label);
  return (EXPECTED[source]?.(settings) ?? []).filter((name) => !labels.includes(name));
}

/** The questions that a source answers. */
export const questionsOn = (source: Source): QuestionKey[] =>
  // The keys are those of NEEDS.
  (Object.keys(NEEDS) as QuestionKey[]).filter((key) => NEEDS[key].includes(source));

const EXPECTED: { readonly [Key in Source]?: (settings: Settings) => string[] } = {
  services: ({ services }) => Object.values(services).map(({ name }) => name),
  instances: ({ database }) => [database.name],
  connectors: ({ connector }) => [connector.name],
  caches: ({ cache }) => [cache.name],
};

const ANSWERS: Readonly<Record<QuestionKey, (known: QuestionContext) => string>> = {
  instance: ({ deployed }) =>
    listedBy(deployed, "instances", [
      "databaseVersion",
      "settings.tier",
      "settings.edition",
      "settings.availabilityType",
    ]),
  connector: ({ deployed }) =>
    deployed
      .filter(({ source }) => source === "connectors")
      .map(
        ({ label, inputs }) =>
          `${label}: ${inputs.machineType} ${inputs.minInstances ?? "?"}..${inputs.maxInstances ?? "?"} in ${inputs.ipCidrRange ?? "a subnet"}`,
      )
      .join("; "),
  path: ({ deployed }) =>
    services(deployed)
      .map(({ label, inputs }) => {
        const access = new Inputs(inputs).object("template").object("vpcAccess");
        const way =
          cloudName(access.text("connector"))?.name ??
          (access.has("networkInterfaces") ? "a network interface" : undefined);
        const egress = access.text("egress")?.toLowerCase().replaceAll("_", "-") ?? "private-ranges-only";
        return `${label}: ${way === undefined ? "no VPC access" : `${egress} through ${way}`}`;
      })
      .join("; "),
  maxConnections: ({ capacities, deployed }) =>
    capacities
      .map(
        ({ instance, maxConnections, isDefault }) =>
          `${instance}: ${maxConnections}${isDefault ? ", the tier's default: no flag sets it" : ""}`,
      )
      .join("; ") || listedBy(deployed, "instances", ["settings.tier"]),
  secrets: ({ secrets: { mounted, open } }) =>
    mounted.length === 0
      ? ""
      : `${mounted.length} references to ${new Set(mounted.map(({ secret }) => secret)).size} secrets${open.length > 0 ? "" : ", their versions known"}`,
  probes: ({ deployed }) =>
    services(deployed)
      .map(({ label, inputs }) => `${label}: ${windowOf(inputs)}`)
      .join("; "),
  jwt: ({ secrets: { mounted } }) =>
    mounted
      .filter(({ variable }) => variable === "JWT_SECRET_KEY")
      .map(({ service, secret, version }) => `${service.label}: ${secret} version ${version}`)
      .filter((text, i, all) => all.indexOf(text) === i)
      .join("; "),
  budget: ({ capacities }) => capacities.map(({ arithmetic }) => arithmetic).join("; "),
  storm: ({ capacities }) =>
    capacities
      .flatMap(({ storms }) => storms)
      .map(({ scenario, success }) => `${scenario} ${percentText(success.mean)}`)
      .join(", "),
  watched: ({ settings, deployed, collection }) =>
    settings.monitoring.disabled
      ? `turned off in the plan: ${settings.monitoring.disabled.reason}`
      : notifyingPolicyNames(deployed, collection),
  region: ({ region }) => region.answer,
  hour: ({ hour }) =>
    (hour?.figures ?? []).flatMap(({ title, value }) => (value === undefined ? [] : [`${title} ${value}`])).join(", "),
  rest: ({ deployed }) => `${deployed.length} resources judged`,
};

const services = (deployed: readonly Deployed[]) => deployed.filter(({ source }) => source === "services");

function listedBy(deployed: readonly Deployed[], source: Source, paths: readonly string[]): string {
  return deployed
    .filter((one) => one.source === source)
    .map(
      ({ label, inputs }) =>
        `${label}: ${paths.flatMap((path) => textAt(new Inputs(inputs), path.split(".")) ?? []).join(", ")}`,
    )
    .join("; ");
}

function textAt(inputs: Inputs, [key = "", ...rest]: readonly string[]): string | undefined {
  return rest.length === 0 ? inputs.text(key) : textAt(inputs.object(key), rest);
}

function windowOf(inputs: Deployed["inputs"]): string {
  const [container] = new Inputs(inputs).object("template").list("containers");
  if (!container?.has("startupProbe")) return "none";
  const probe = container.object("startupProbe");
  return `${probe.has("httpGet") ? `HTTP ${probe.object("httpGet").text("path") ?? "/"}` : "an open port"}, ${probeWindowSeconds(probeTiming(probe))} s`;
}
