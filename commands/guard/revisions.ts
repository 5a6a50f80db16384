import { isDeepStrictEqual } from "node:util";
import { RUN_SERVICE, RUN_SERVICE_V1, RUN_WORKER_POOL } from "../../config/resource-types";
import type { State, Step } from "../../engine/preview";
import { type Difference, differencesOf, isHidden, isOpaque, isWithin } from "../../engine/property-diff";
import { Inputs, ifReadable } from "../../policy/framework/inputs";
import { revisionName, sharesOf } from "../../policy/resources/traffic";

/* A changed template makes a new revision, unless its revision name is taken or traffic goes elsewhere. */

const WITH_REVISIONS: readonly string[] = [RUN_SERVICE, RUN_SERVICE_V1, RUN_WORKER_POOL];

/** The fixed revision name that a changed template would reuse: Google refuses that, and previews do not show it. */
export function takenRevisionName(step: Step): string | undefined {
  if (step.op !== "update" || !WITH_REVISIONS.includes(step.type)) return undefined;
  const [was, is] = [nameIn(step.type, step.old), nameIn(step.type, step.new)];
  const existing = [
    was,
    ...["latestCreatedRevision", "latestReadyRevision"].map((key) => lastPart(step.old?.outputs[key])),
  ];
  if (is === undefined || !existing.includes(is)) return undefined;
  return templateChanges(step) ? is : undefined;
}

/** The traffic that other revisions get. `undefined`: the latest revision gets all, or it cannot be read. */
export function trafficElsewhere({
  type,
  new: now,
}: Step): { readonly latestPercent: number; readonly others: string } | undefined {
  const own = nameIn(type, now);
  const shares = ifReadable(() =>
    sharesOf({ type, properties: new Inputs(now?.inputs) }).shares.flatMap(({ inputs, key }) => {
      const percent = inputs.number("percent") ?? 0;
      return percent > 0 ? [{ percent, revision: inputs.text(key) }] : [];
    }),
  );
  const others = (shares ?? []).flatMap(({ percent, revision }) =>
    revision && revision !== own ? [{ percent, revision }] : [],
  );
  if (others.length === 0) return undefined;
  return {
    latestPercent: 100 - others.reduce((sum, { percent }) => sum + percent, 0),
    others: others.map(({ revision, percent }) => `${revision} (${percent} %)`).join(", "),
  };
}

/**
 * The provider shows `template.annotations` as added at every update of a service, although no input changes them. That
 * alone makes no revision. Source: run with provider 9.35.
 */
export const isServersAnnotation = ({ type, old, new: now }: Step, difference: Difference): boolean =>
  type === RUN_SERVICE &&
  isOpaque(difference) &&
  isWithin(difference.property, "template.annotations") &&
  isDeepStrictEqual(annotationsOf(old), annotationsOf(now)) &&
  !Object.values(annotationsOf(now)).some(isHidden);

const nameIn = (type: string, state: State | undefined) =>
  ifReadable(() => revisionName({ type, properties: new Inputs(state?.inputs) })?.name);

const NAMES: readonly string[] = ["template.revision", "template.metadata.name"];

const templateChanges = (step: Step) =>
  differencesOf(step).some(
    (one) => isWithin(one.property, "template") && !NAMES.includes(one.property) && !isServersAnnotation(step, one),
  );

function annotationsOf(state: State | undefined): object {
  const template = state?.inputs.template;
  const annotations: unknown =
    typeof template === "object" && template !== null ? Reflect.get(template, "annotations") : undefined;
  if (annotations === undefined || annotations === null) return {};
  return typeof annotations === "object" ? annotations : { annotations };
}

const lastPart = (path: unknown) => (typeof path === "string" ? path.split("/").at(-1) : undefined);
