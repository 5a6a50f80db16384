import { isPostgres } from "../../capacity/constraints/cloudsql";
import { NO_NAT } from "../../capacity/constraints/path";
import { NO_PATH } from "../../capacity/storm/remedies";
import { adoptables, leftOutOfImports } from "../../config/adoption";
import type { Settings } from "../../config/schema";
import type { RegisteredResource } from "../../engine/evaluate";
import { Inputs } from "../../policy/framework/inputs";
import type { Finding as RuleFinding } from "../../policy/framework/outcome";
import type { Collection } from "../shared/cloud/classify";
import type { Deployed } from "../shared/cloud/deployed";
import { mountedSecrets } from "../shared/cloud/mounted-secrets";
import { SOURCES } from "../shared/cloud/sources";
import { versionStates } from "../shared/cloud/versions";
import { silentAlerts } from "./alerts";
import type { DatabaseCapacity } from "./capacity";
import { type Change, changesBy, keptDespitePlan } from "./difference";
import type { Figure } from "./figures";
import {
  type Finding,
  faultsIn,
  finding,
  findingsOf,
  inOrder,
  NAT_UNKNOWN,
  type RemediableFinding,
  remediableFinding,
} from "./findings";
import { hasOneContainer, secretVersions } from "./flags";
import { absentOf, answersTo, type Observed, type Question, questionsOn } from "./questions";
import { unreadyFindings } from "./readiness";
import { type Remediation, remediate } from "./remediation";
import { type Command, type Cost, commandText, costOf, repairs } from "./remedy-commands";
import { judgeSecrets } from "./secrets";
import { NOT_JUDGED } from "./triage";

/** The diagnosis of a deployed environment. */
export interface Diagnosis {
  readonly project: string;
  readonly region: string;
  /** Every question is answered, and there is no finding. */
  readonly ok: boolean;
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

/** A command that fixes findings. */
interface PrintedCommand {
  /** Ready to copy. */
  readonly command: string;
  /** Its effects on users of the environment; empty: none. */
  readonly cost: readonly Cost[];
  /** Positions of the findings that it fixes, from 0. */
  readonly mends: readonly number[];
}

export interface DiagnosisInput extends Observed {
  /** Judges resources by the pack's rules. */
  readonly judge: (deployed: readonly Deployed[]) => readonly RuleFinding[];
  /** What the program registers. */
  readonly plan: readonly RegisteredResource[];
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
  region,
  hour,
  notes,
}: DiagnosisInput): Diagnosis {
  const secrets = judgeSecrets(mountedSecrets(deployed, settings), collection, settings);
  const judged = (resources: readonly Deployed[]) =>
    withoutOpenAlerts(withOpenNat(judge(resources), resources, collection), collection, settings);
  const judgements = judged(deployed);
  const { findings: ofPack, unjudged } = findingsOf(judgements, deployed, collection, settings);
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
  const remediation = remediate(found, deployed, (resources) =>
    faultsIn(resources === deployed ? judgements : judged(resources)),
  );
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
  const adopted = adoptables(settings).filter(({ type, id }) =>
    deployed.some((one) => one.type === type && one.id === id),
  );
  const adopt = Object.fromEntries(adopted.map(({ name, id }) => [name, id]));
  return {
    project: settings.project,
    region: settings.region,
    ok: questions.every(({ status }) => status === "healthy"),
    findings,
    commands: remediation.commands.map((command) => printed(command, findings)),
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
const GOES_ALONG = "the commands for the other findings also fix it";

/** The finding as it is printed, with its remedy. */
function remediated(one: RemediableFinding, { lines, remediatedByOthers }: Remediation<RemediableFinding>): Finding {
  const { faults: _, repairs: __, ...finding } = one;
  return { ...finding, mend: lines.get(one) ?? (remediatedByOthers.includes(one) ? [GOES_ALONG] : finding.mend) };
}

function printed(command: Command, findings: readonly Finding[]): PrintedCommand {
  const text = commandText(command);
  return {
    command: text,
    cost: costOf(command),
    mends: findings.flatMap(({ mend }, i) => (mend.includes(text) ? [i] : [])),
  };
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
