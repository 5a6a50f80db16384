import { ADDRESS, CONNECTOR, FORWARDING_RULES, GLOBAL_ADDRESS, RUN_SERVICE_V1 } from "../../config/resource-types";
import { PREVIEW_FAILED, type Preview, type Step } from "../../engine/preview";
import { type Difference, differencesOf, isOpaque, isWithin } from "../../engine/property-diff";
import { isUnknownValue } from "../../policy/framework/unknown";
import { cloudName } from "../../policy/resources/cloud-name";
import { readUrn } from "../../policy/resources/urn";
import { type Loss, lossOf, operations, SECRET_VERSIONS } from "./destructive-changes";
import { type Disruption, disruptions, type Effect } from "./disruptions";
import { isServersAnnotation, takenRevisionName } from "./revisions";

/** A change that destroys what cannot be created again, or a preview that did not complete. */
export interface Refusal {
  /** The resource's name in the program. */
  readonly resource: string;
  readonly type: string;
  readonly urn: string;
  /** `replace`, `delete`, `update` if it shrinks a connector, an unknown operation, or `preview` if the preview failed. */
  readonly change: string;
  readonly reason: string;
  /** The complete message, with the fix. */
  readonly message: string;
  /** The reason given in the stack's acknowledgement of this change. */
  readonly acknowledged?: string;
}

/** A change that interrupts service but is not refused. */
export interface Announcement {
  readonly resource: string;
  readonly type: string;
  readonly urn: string;
  /** What changes, with the values unless they are hidden. */
  readonly change: string;
  readonly effect: Effect;
  readonly consequence: string;
  readonly advice?: string;
  /** Where the consequence is documented. */
  readonly source: string;
}

export interface GuardVerdict {
  /** Every refusal is acknowledged. */
  readonly ok: boolean;
  readonly refused: readonly Refusal[];
  readonly announced: readonly Announcement[];
  /** Warnings of the program and its providers. */
  readonly warnings: readonly string[];
  /** Resources whose acknowledgement matches no change of this preview. */
  readonly unusedAcknowledgements: readonly string[];
  /** How many resources undergo each operation. */
  readonly changes: Readonly<Record<string, number>>;
}

/** Judges a preview. Results are sorted by resource name, because the engine's order differs between runs. */
export function judge({ steps, unchanged, errors, warnings, changes, acknowledgements }: Preview): GuardVerdict {
  const shown = destructiveChanges(steps);
  const destructive = [...shown, ...readdressed([...steps, ...unchanged], shown)];
  const refused = [
    ...destructive.flatMap((change) => refusalOf(change, steps, acknowledgements)),
    ...steps.flatMap(shrinkageBy),
    ...steps.flatMap(takenNameOf),
  ];
  const failures = failuresOf(errors, refused);
  const used = refused.flatMap(({ resource, acknowledged: reason }) => (reason === undefined ? [] : [resource]));
  const refusals = [...refused, ...failures];
  return {
    ok: refusals.every(({ acknowledged: reason }) => reason !== undefined),
    refused: byResource(refusals),
    announced: byResource([
      ...steps.flatMap(disruptionsBy),
      ...destructive.flatMap((change) => lossBy(change, steps)),
      ...readdressedUnseen([...steps, ...unchanged], shown),
    ]),
    warnings: warnings.map(({ message }) => message),
    // A failed preview is incomplete: an acknowledgement may concern what it does not show.
    unusedAcknowledgements:
      errors.length > 0 ? [] : Object.keys(acknowledgements).filter((name) => !used.includes(name)),
    changes,
  };
}

const byResource = <T extends { readonly resource: string }>(entries: readonly T[]): T[] =>
  entries.toSorted((a, b) => (a.resource < b.resource ? -1 : a.resource > b.resource ? 1 : 0));

/** A step that destroys a resource, whether or not another one replaces it. */
interface DestructiveChange {
  readonly step: Step;
  readonly change: string;
  /** `undefined`: nothing is lost. */
  readonly loss: Loss | undefined;
}

/** One for each resource: a replacement can be several steps, of which `replace` carries the most detail. */
function destructiveChanges(steps: readonly Step[]): DestructiveChange[] {
  const found = new Map<string, DestructiveChange>();
  for (const step of steps.toSorted((a, b) => Number(b.op === "replace") - Number(a.op === "replace"))) {
    const change = Object.hasOwn(operations, step.op) ? operations[step.op] : step.op;
    if (change !== undefined && change !== "keeps" && !found.has(step.urn))
      found.set(step.urn, { step, change, loss: lossOf(step) });
  }
  return [...found.values()];
}

/** The loss of a forwarding rule whose replacement the preview does not show. */
const READDRESSED: Loss = {
  what: "entry point",
  verdict: "refuse",
  because:
    "its address changes: `up` replaces it although a preview shows no change, and no host can be reached while it is missing",
};

/**
 * Forwarding rules that `up` will replace although the preview shows them unchanged: the provider ignores a difference
 * to an address that is not known yet. Source: magic-modules, InternalIpDiffSuppress; run with provider 9.35.
 */
function readdressed(steps: readonly Step[], destructive: readonly DestructiveChange[]): DestructiveChange[] {
  const addresses = destructive.flatMap(({ step }) => (ADDRESSES.includes(step.type) ? namesOf(step) : []));
  return steps.flatMap((step): DestructiveChange[] => {
    const [was, is] = [step.old?.inputs.ipAddress ?? step.old?.outputs.ipAddress, step.new?.inputs.ipAddress];
    const isListed = FORWARDING_RULES.includes(step.type) && !destructive.some((other) => other.step.urn === step.urn);
    if (
      !isListed ||
      typeof was !== "string" ||
      !(isUnknownValue(is) || addresses.some((name) => was === name || was.endsWith(`/${name}`)))
    )
      return [];
    return [{ step: { ...step, replaceReasons: ["ipAddress"] }, change: "replace", loss: READDRESSED }];
  });
}

const ADDRESSES: readonly string[] = [ADDRESS, GLOBAL_ADDRESS];

/** How a rule may refer to an address. */
const namesOf = ({ old }: Step): string[] =>
  [old?.outputs.address, old?.inputs.address, old?.outputs.selfLink, old?.inputs.name].filter(
    (name): name is string => typeof name === "string" && name !== "",
  );

/** A preview without unchanged resources does not show the rules that use a destroyed address. */
function readdressedUnseen(steps: readonly Step[], destructive: readonly DestructiveChange[]): Announcement[] {
  if (steps.some(({ type }) => FORWARDING_RULES.includes(type))) return [];
  return destructive.flatMap(({ step: { name: resource, type, urn, old }, change }) => {
    if (!ADDRESSES.includes(type) || old?.inputs.purpose === "VPC_PEERING") return [];
    return [
      {
        ...{ resource, type, urn, change, effect: "access" as const },
        consequence:
          "`up` replaces the forwarding rules that use it, and this preview does not list unchanged resources",
        advice: "preview with --show-sames, so that guard also judges the rules",
        source: "magic-modules, InternalIpDiffSuppress",
      },
    ];
  });
}

function refusalOf(
  destructive: DestructiveChange,
  steps: readonly Step[],
  acknowledgements: Preview["acknowledgements"],
): Refusal[] {
  const { step, change, loss } = destructive;
  const { name: resource, type, urn } = step;
  const refusal = (because: string, fix: string): Refusal => {
    const verb =
      change === "replace"
        ? "be replaced"
        : change === "delete"
          ? "be deleted"
          : `undergo '${change}', which may destroy it,`;
    const message = `'${resource}' (${loss?.what ?? type}) must not ${verb} because ${because}; ${fix}`;
    return { resource, type, urn, change, reason: because, message };
  };
  // This cannot be acknowledged: `pulumi up` does not do it.
  if (change === "replace" && steps.some((other) => other.urn === urn && other.op === "import"))
    return [
      refusal(
        "the existing resource differs from the program in a way that only a replacement can change",
        importFix(step),
      ),
    ];
  if (loss?.verdict !== "refuse" || hasSuccessor(destructive, steps) || isLeftInPlace(destructive)) return [];
  const refused = refusal(loss.because, fixOf(destructive, steps));
  const acknowledgement = Object.hasOwn(acknowledgements, resource) ? acknowledgements[resource] : undefined;
  return [acknowledgement?.change === change ? { ...refused, acknowledged: acknowledgement.reason } : refused];
}

/** A deletion from the state only: the resource stays. A replacement also leaves the resource, but unused. */
const isLeftInPlace = ({ step, change }: DestructiveChange) =>
  change === "delete" &&
  (step.isRetained || /^(ABANDON|RETAIN)$/.test(String(step.old?.inputs.deletionPolicy).toUpperCase()));

/** Whether this preview lists another enabled version of the same secret. */
function hasSuccessor({ step }: DestructiveChange, steps: readonly Step[]): boolean {
  if (!SECRET_VERSIONS.includes(step.type)) return false;
  const secret = secretIn(step.old?.inputs.secret);
  return steps.some(
    (other) =>
      other.type === step.type &&
      other.urn !== step.urn &&
      operations[other.op] === "keeps" &&
      secret !== undefined &&
      secretIn(other.new?.inputs.secret) === secret &&
      other.new?.inputs.enabled !== false,
  );
}

const secretIn = (path: unknown) => (typeof path === "string" ? cloudName(path, "secrets")?.name : undefined);

function importFix({ changed, replaceReasons }: Step): string {
  const properties = changed.length > 0 ? changed : replaceReasons;
  return `\`pulumi up\` would stop half-way; set ${properties.join(", ")} to the cloud's value, or larger where it can grow`;
}

function fixOf({ step, change }: DestructiveChange, steps: readonly Step[]): string {
  const acknowledge = `if it is intended, record the decision: 'netra:acknowledge' {${step.name}: {change: ${change}, reason: ...}}`;
  if (change === "replace") {
    // The provider reports its rule (`__meta`) instead of the counts.
    const isShrinkage = shrunkBy(step).length > 0 || step.replaceReasons.includes("__meta");
    if (step.type === CONNECTOR && isShrinkage) return shrinkingProcedure(step);
    const reasons = step.replaceReasons.filter((reason) => reason !== "__meta");
    return `undo the change of ${reasons.join(", ") || step.changed.join(", ") || "what forces it"}; ${acknowledge}`;
  }
  if (change !== "delete") return `find out what '${change}' does before you run \`pulumi up\``;
  const renamed = steps.find(({ op, type, urn }) => op === "create" && type === step.type && urn !== step.urn);
  return `restore it in the program${renamed ? ` (the preview creates '${renamed.name}': a rename deletes the old resource)` : ""}; ${acknowledge}`;
}

/** The instance counts of a connector, which can only grow. */
const COUNTS = ["minInstances", "maxInstances"] as const;

/** The counts that a step reduces. */
const shrunkBy = ({ old, new: now }: Step) =>
  COUNTS.filter((count) => Number(now?.inputs[count] ?? Number.NaN) < Number(old?.inputs[count] ?? Number.NaN));

/** A connector that shrinks in place: the current provider replaces it, and Google rejects the update of others. */
function shrinkageBy(step: Step): Refusal[] {
  const { name: resource, type, urn, op } = step;
  if (type !== CONNECTOR || operations[op] !== "keeps" || shrunkBy(step).length === 0) return [];
  const reason = "Google cannot shrink a connector in place, and a replacement deletes the old one first";
  const message = `'${resource}' (VPC connector) must not shrink because ${reason}; ${shrinkingProcedure(step)}`;
  return [{ resource, type, urn, change: op, reason, message }];
}

/** A changed template under the fixed name of an existing revision. */
function takenNameOf(step: Step): Refusal[] {
  const { name: resource, type, urn, op } = step;
  const revision = takenRevisionName(step);
  if (revision === undefined) return [];
  const reason =
    "its template changes and a revision of that name exists: `up` fails with 409, and the old revision keeps serving";
  const key = type === RUN_SERVICE_V1 ? "template.metadata.name" : "template.revision";
  const message = `'${resource}' (Cloud Run) must not keep the revision name '${revision}' because ${reason}; remove ${key}: Cloud Run names every revision itself`;
  return [{ resource, type, urn, change: op, reason, message }];
}

/** Google's own procedure. Source: docs.cloud.google.com/vpc/docs/configure-serverless-vpc-access. */
function shrinkingProcedure(step: Step): string {
  const { name, urn } = step;
  const shrunk = shrunkBy(step);
  return [
    `${(shrunk.length > 0 ? shrunk : COUNTS).join(" and ")} can only grow in place. To shrink it safely:`,
    "1. give the connector another name, another free /28 and the smaller counts: `up` creates the new one beside the old one, moves services one after another, and deletes the old one last",
    `2. record the decision: 'netra:acknowledge' {${name}: {change: delete, reason: ...}}, and lift the engine's protection: pulumi state unprotect '${urn}'`,
    "3. preview, guard, up; then remove the acknowledgement",
  ].join("\n    ");
}

/** A failed preview is refused even if every change it shows is acknowledged, because it is incomplete. */
function failuresOf(errors: Preview["errors"], refused: readonly Refusal[]): Refusal[] {
  const failures = errors.flatMap(({ urn, message }): Refusal[] => {
    const refusal = refused.find((other) => other.urn === urn);
    if (message === PREVIEW_FAILED || (refusal && refusal.acknowledged === undefined)) return [];
    const fix =
      refusal && /protect/.test(message)
        ? `the change is acknowledged, but the engine still protects the resource: pulumi state unprotect '${urn}'`
        : "fix that and preview again";
    return [failure(urn, message, fix)];
  });
  if (failures.length > 0 || errors.length === 0 || refused.some(({ acknowledged: reason }) => reason === undefined))
    return failures;
  return [
    failure(
      "",
      "a rule of the policy pack was violated, or the provider refused; this format does not show which",
      "run `pulumi preview` without --json to see it",
    ),
  ];
}

function failure(urn: string, reason: string, fix: string): Refusal {
  const { type, name } = readUrn(urn);
  const message = `the preview must complete because guard cannot judge what it does not show: ${reason}; ${fix}`;
  return { resource: name, type, urn, change: "preview", reason, message };
}

/** The disruptions of a step that keeps its resource. */
function disruptionsBy(step: Step): Announcement[] {
  if (operations[step.op] !== "keeps") return [];
  // A revision name that is taken prevents a new revision.
  const hasRevision = takenRevisionName(step) === undefined;
  const own = disruptions.filter(
    ({ type, effect }) => type === step.type && (hasRevision || effect !== "new revision"),
  );
  const differences =
    own.length > 0 ? differencesOf(step).filter((difference) => !isServersAnnotation(step, difference)) : [];
  return own.flatMap((disruption) => {
    const { properties = [], when = () => true, onCreate, only = () => true } = disruption;
    if (!only(step.new?.inputs ?? {})) return [];
    if (step.op === "create" && onCreate?.(step.new?.inputs ?? {})) return [announcementOf(step, step.op, disruption)];
    const found = differences.filter((difference) =>
      isOpaque(difference)
        ? properties.some(
            (property) => isWithin(difference.property, property) || isWithin(property, difference.property),
          )
        : properties.some((property) => isWithin(difference.property, property)) && when(difference),
    );
    return found.length > 0 ? [announcementOf(step, shownAll(found, disruption), disruption)] : [];
  });
}

function announcementOf(step: Step, change: string, { effect, consequence, advice, source }: Disruption): Announcement {
  const { name: resource, type, urn } = step;
  const text = typeof consequence === "string" ? consequence : consequence(step);
  return {
    resource,
    type,
    urn,
    change,
    effect,
    consequence: text,
    ...(advice === undefined ? {} : { advice }),
    source,
  };
}

/** The most changes that an announcement lists. */
const SHOWN = 4;

function shownAll(differences: readonly Difference[], { hidden }: Disruption): string {
  const texts = differences.map((difference) => {
    const { property, element, old, new: now } = difference;
    const name = element === undefined ? property : `${property}[${element}]`;
    return hidden || !(isShort(old) && isShort(now)) ? name : `${name} ${shown(old)} -> ${shown(now)}`;
  });
  const more = texts.length - SHOWN;
  return [...texts.slice(0, SHOWN), ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

const isShort = (value: unknown) =>
  value === undefined || value === null || ["string", "number", "boolean"].includes(typeof value);

function shown(value: unknown): string {
  if (value === undefined || value === null) return "not set";
  if (isUnknownValue(value)) return "not known yet";
  return value === "" ? "empty" : String(value);
}

/** What is lost with a destroyed resource that is not refused. */
function lossBy(destructive: DestructiveChange, steps: readonly Step[]): Announcement[] {
  const { step, change, loss } = destructive;
  if (!loss) return [];
  const { name: resource, type, urn } = step;
  const announced = {
    resource,
    type,
    urn,
    change,
    effect: loss.effect ?? "access",
    source: "commands/guard/destructive-changes.ts",
  };
  if (loss.verdict === "announce") return [{ ...announced, consequence: loss.because }];
  return hasSuccessor(destructive, steps)
    ? [{ ...announced, consequence: "a revision that still mounts this version cannot start another instance" }]
    : [];
}
