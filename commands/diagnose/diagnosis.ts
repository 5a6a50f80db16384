import { isPostgres } from "../../capacity/constraints/cloudsql";
import { NO_NAT } from "../../capacity/constraints/path";
import { NO_PATH } from "../../capacity/storm/remedies";
import { adoptables, leftOutOfImports } from "../../config/adoption";
import type { Settings } from "../../config/schema";
import type { RegisteredResource } from "../../engine/evaluate";
import { Inputs } from "../../policy/framework/inputs";
import type { Finding as RuleFinding } from "../../policy/framework/outcome";
import type { Collection } from "../shared/cloud/classify";
import { type Deployed, urnOf } from "../shared/cloud/deployed";
import { mountedSecrets } from "../shared/cloud/mounted-secrets";
import { SOURCES } from "../shared/cloud/sources";
import { versionStates } from "../shared/cloud/versions";
import { silentAlerts } from "./alerts";
import type { DatabaseCapacity } from "./capacity";
import { type Change, changesBy, keptDespitePlan, plannedName } from "./difference";
import type { Figure } from "./figures";
import {
  type AfterUp,
  type Finding,
  faultsIn,
  finding,
  findingsOf,
  inOrder,
  NAT_UNKNOWN,
  type RemediableFinding,
  remediableFinding,
  resourceKey,
} from "./findings";
import { hasOneContainer, secretVersions } from "./flags";
import { absentOf, answersTo, type Observed, type Question, questionsOn } from "./questions";
import { unreadyFindings } from "./readiness";
import { type Remediation, remediate } from "./remediation";
import { type Command, commandText, costOf, repairs } from "./remedy-commands";
import { judgeSecrets } from "./secrets";
import { NOT_JUDGED } from "./triage";
import { type EnvironmentVerdict, heaviest, type PrintedCommand, verdictOn } from "./verdict";

/** The diagnosis of a deployed environment. */
export interface Diagnosis {
  readonly project: string;
  readonly region: string;
  /** Every question is answered, and there is no finding. */
  readonly ok: boolean;
  readonly verdict: EnvironmentVerdict;
  /** Most urgent first. */
  readonly findings: readonly Finding[];
  /** In the order in which to run them: none makes anything worse. */
  readonly commands: readonly PrintedCommand[];
  readonly questions: readonly Question[];
  /** Budgets and storms of what is deployed. */
  readonly capacity: readonly DatabaseCapacity[];
  readonly figures: readonly Figure[];
  /** What `up` would change. */
  readonly changes: readonly Change[];
  /** The program's resources that exist: the section `netra:adopt`. */
  readonly adopt: Readonly<Record<string, string>>;
  /** Properties that their imports leave out, and why. */
  readonly leftOutOfImports: readonly string[];
  /** What was left out, and why. */
  readonly notes: readonly string[];
  /** Rules that cannot judge deployed resources, with the reason. */
  readonly notJudged: Readonly<Record<string, string>>;
}

export interface DiagnosisInput extends Observed {
  /** Judges resources by the pack's rules. In brief: only the rules that refuse, and their resources, are of interest. */
  readonly judge: (deployed: readonly Deployed[], isBrief: boolean) => readonly RuleFinding[];
  /** What the program registers. */
  readonly plan: readonly RegisteredResource[];
  /** The rules' findings on a program of the plan's resources and the deployed ones that it does not have. */
  readonly judgeUp: (others: readonly Deployed[]) => readonly RuleFinding[];
  /** What was left out on the way, and why. */
  readonly notes: readonly string[];
}

/** Combines what was read; reads nothing itself. */
export function diagnose({
  settings,
  collection,
  deployed,
  capacities,
  judge,
  plan,
  judgeUp,
  region,
  hour,
  notes,
}: DiagnosisInput): Diagnosis {
  const secrets = judgeSecrets(mountedSecrets(deployed, settings), collection, settings);
  const judged = (resources: readonly Deployed[], isBrief: boolean) =>
    withoutOpenAlerts(withOpenNat(judge(resources, isBrief), resources, collection), collection, settings);
  const judgements = judged(deployed, false);
  const { findings: ofPack, unjudged } = findingsOf(
    judgements,
    deployed,
    collection,
    settings,
    afterUp(plan, deployed, judgeUp),
  );
  const byPeople = [
    ...otherEngine(deployed, settings),
    ...absences(deployed, collection, settings),
    ...region.findings,
    ...(hour?.findings ?? []),
  ].map((one) => ({ ...one, faults: [], repairs: [] }));
  const found = inOrder([
    ...ofPack,
    ...secrets.findings,
    ...unreadyFindings(deployed, settings),
    ...withoutJwt(deployed, collection, settings),
    ...silentAlerts(deployed, collection, settings),
    ...byPeople,
  ]);
  // What rests on an unknown NAT is recognised by its cause.
  const isBrief = collection.listed.has("routers");
  const faults = (resources: readonly Deployed[]) =>
    faultsIn(resources === deployed ? judgements : judged(resources, isBrief));
  const remediation = remediate(found, deployed, faults);
  const urgent = remediate(heaviest(found), deployed, faults);
  const findings = found.map((one) => remediated(one, remediation));
  const questions = answersTo({
    settings,
    collection,
    deployed,
    capacities,
    findings,
    unjudged,
    secrets,
    region,
    hour,
  });
  const verdict = verdictOn({
    settings,
    deployed,
    findings,
    questions,
    commands: urgent.commands.map((command) => printed(command, found, urgent.lines)),
  });
  const adopted = adoptables(settings).filter(({ type, id }) =>
    deployed.some((one) => one.type === type && one.id === id),
  );
  const adopt = Object.fromEntries(adopted.map(({ name, id }) => [name, id]));
  return {
    project: settings.project,
    region: settings.region,
    ok: questions.every(({ status }) => status === "healthy"),
    verdict,
    findings,
    commands: remediation.commands.map((command) => printed(command, found, remediation.lines)),
    questions,
    capacity: capacities,
    figures: hour?.figures ?? [],
    changes: changesBy(plan, deployed, collection),
    adopt,
    leftOutOfImports: leftOutOfImports({ ...settings, adopt }),
    notes: [...new Set([...collection.notes, ...notes, ...keptDespitePlan(plan, deployed)])],
    notJudged: NOT_JUDGED,
  };
}

/** Remedy of a finding that others' commands fix. */
const GOES_ALONG = "what fixes the other findings fixes it, too";

/** The finding as it is printed, with its remedy. */
function remediated(one: RemediableFinding, { lines, remediatedByOthers }: Remediation<RemediableFinding>): Finding {
  const { faults: _, repairs: __, ...finding } = one;
  return { ...finding, mend: lines.get(one) ?? (remediatedByOthers.includes(one) ? [GOES_ALONG] : finding.mend) };
}

function printed(
  command: Command,
  found: readonly RemediableFinding[],
  lines: Remediation<RemediableFinding>["lines"],
): PrintedCommand {
  const text = commandText(command);
  return {
    command: text,
    cost: costOf(command),
    mends: found.flatMap((one, i) => (lines.get(one)?.includes(text) ? [i] : [])),
  };
}

/** What `up` leaves of the rules' findings. Nothing that the rules cannot evaluate counts as fixed. */
function afterUp(
  plan: readonly RegisteredResource[],
  deployed: readonly Deployed[],
  judgeUp: DiagnosisInput["judgeUp"],
): AfterUp {
  const byUrn = new Map(plan.map((one) => [one.urn, resourceKey(one.type, plannedName(one))]));
  const plans = new Set(byUrn.values());
  if (plans.size === 0) return { plans, remains: new Set() };
  const others = deployed.filter(({ type, label }) => !plans.has(resourceKey(type, label)));
  const keyOf = new Map([...byUrn, ...others.map((one) => [urnOf(one), resourceKey(one.type, one.label)] as const)]);
  const remains = judgeUp(others).map(({ rule, resource }) => `${rule} ${keyOf.get(resource?.urn ?? "")}`);
  return { plans, remains: new Set(remains) };
}

/** Without the list of routers, findings that assume no Cloud NAT are open. */
function withOpenNat(
  judged: readonly RuleFinding[],
  deployed: readonly Deployed[],
  { listed }: Collection,
): readonly RuleFinding[] {
  const isAllTraffic = deployed.some(
    ({ source, inputs }) =>
      source === "services" &&
      new Inputs(inputs).object("template").object("vpcAccess").text("egress") === "ALL_TRAFFIC",
  );
  if (listed.has("routers") || !isAllTraffic) return judged;
  const isBroken = judged.some(({ level, problem }) => level === "mandatory" && problem?.cause === NO_NAT);
  return judged.map((one) => {
    const restsOnNat = one.problem?.cause === NO_NAT || (one.problem?.cause === NO_PATH && isBroken);
    return restsOnNat ? { ...one, outcome: "cannot-evaluate", text: NAT_UNKNOWN, problem: undefined } : one;
  });
}

/** Without the alert policies the rule cannot judge; with monitoring disabled it need not. */
function withoutOpenAlerts(
  judged: readonly RuleFinding[],
  { listed }: Collection,
  { monitoring }: Settings,
): readonly RuleFinding[] {
  return listed.has("alerts") && !monitoring.disabled
    ? judged
    : judged.filter(({ rule }) => rule !== "capacity-alerts");
}

/** The plan's database with another engine, which the rules for PostgreSQL do not judge. */
function otherEngine(deployed: readonly Deployed[], { database }: Settings): Finding[] {
  return deployed.flatMap(({ source, label, inputs }) => {
    const version = new Inputs(inputs).text("databaseVersion");
    if (source !== "instances" || label !== database.name || version === undefined || isPostgres(version)) return [];
    return [
      finding("database-engine", {
        resource: label,
        evidence: [{ field: "databaseVersion", value: version }],
        consequences: [
          `must be PostgreSQL because the plan's services support no other engine, and its sizes are those of ${database.version}`,
        ],
        mend: ["set 'netra:database.name' to a free name; `npm run up` then creates the database beside this one"],
      }),
    ];
  });
}

/** What the plan expects and a complete list does not show. */
function absences(deployed: readonly Deployed[], { listed }: Collection, settings: Settings): Finding[] {
  return [...listed].flatMap((source) =>
    absentOf(source, deployed, settings).map((resource) => ({
      ...finding("absent", {
        resource,
        evidence: [{ field: SOURCES[source].what, value: "not among them" }],
        consequences: [`must be in ${settings.project} and ${settings.region} because the plan counts on it`],
        mend: ["`npm run up` creates it"],
        mendedByUp: true,
      }),
      questions: questionsOn(source),
    })),
  );
}

/** A service that must verify tokens but has no key. */
function withoutJwt(deployed: readonly Deployed[], collection: Collection, settings: Settings): RemediableFinding[] {
  const jwt = settings.secrets.JWT_SECRET_KEY;
  return Object.values(settings.services).flatMap(({ name, secrets: mounted }) => {
    const service = deployed.find((one) => one.source === "services" && one.label === name);
    if (!jwt || !service || !mounted.includes("JWT_SECRET_KEY") || hasVariable(service, "JWT_SECRET_KEY")) return [];
    const field = service.form === "knative" ? "spec.template.spec.containers[0].env" : "template.containers[0].env";
    const version = String(jwt.version);
    const canStart = hasOneContainer(service) && versionStates(collection).get(jwt.id)?.get(version) === "ENABLED";
    const flag = secretVersions(service, [{ variable: "JWT_SECRET_KEY", secret: jwt.id, version }]);
    return [
      remediableFinding("jwt-taken", {
        resource: name,
        evidence: [{ field, value: "no JWT_SECRET_KEY" }],
        consequences: ["must take JWT_SECRET_KEY because it can neither sign nor verify tokens without it"],
        mendedByUp: true,
        mend: ["`npm run up` creates the secret and its version, and passes it to the service"],
        repairs: canStart ? repairs(service, settings, [flag]) : [],
      }),
    ];
  });
}

function hasVariable({ inputs }: Deployed, name: string): boolean {
  const containers = new Inputs(inputs).object("template").list("containers");
  return containers.some((container) => container.list("envs").some((variable) => variable.text("name") === name));
}
