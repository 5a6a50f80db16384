import type { Deployed } from "../shared/cloud/deployed";

/** A field of gcloud's output and its value. */
export interface Evidence {
  readonly field: string;
  readonly value: string;
}

const MAX_FIELD_LENGTH = 120;

/** Some of the evidence in one line. */
export function evidenceText(evidence: readonly Evidence[], most: number): string {
  const rest = evidence.length - most;
  return [...evidence.slice(0, most).map(shortEvidence), ...(rest > 0 ? [`${rest} more`] : [])].join(", ");
}

/** Only the name of the setting, variable or flag: `JWT_SECRET_KEY = jwt-secret, version 1: DISABLED`. */
export function evidenceName({ field, value }: Evidence): string {
  const [, named] = /\[([^\]]*[^\]\d][^\]]*)\][^[]*$/.exec(field) ?? [];
  const name = named ?? field.replace(/^.*containers\[\d+\]\./, "").replace(/^settings\./, "");
  return `${name.split("/").at(-1)} = ${value}`;
}

/** Without the prefix that all fields of a service share. */
function shortEvidence({ field, value }: Evidence): string {
  const short = field.replace(
    /^(?:spec\.template\.)?(?:metadata\.annotations\[([^\]]+)\]|spec\.(?=containers|volumes|serviceAccountName))/,
    "$1",
  );
  // A rollout of fifty services has fifty names.
  return `${short.length > MAX_FIELD_LENGTH ? `${short.slice(0, MAX_FIELD_LENGTH)}...` : short} = ${value}`;
}

/** The provider's names and gcloud's, where they differ: v2 and Cloud SQL. Longest first. */
const REST: readonly (readonly [RegExp, string])[] = [
  [/\.envs\b/, ".env"],
  [/^traffics\b/, "traffic"],
  [/^settings\.diskSize$/, "settings.dataDiskSizeGb"],
  [/^settings\.diskType$/, "settings.dataDiskType"],
  [/^settings\.connectionPoolConfigs.*/, "settings.connectionPoolConfig"],
];

/** v2 names and their location in the Knative form. */
const KNATIVE: readonly (readonly [RegExp, string])[] = [
  [
    /^template\.(?:template\.)?vpcAccess\.connector$/,
    "spec.template.metadata.annotations[run.googleapis.com/vpc-access-connector]",
  ],
  [
    /^template\.(?:template\.)?vpcAccess\.egress$/,
    "spec.template.metadata.annotations[run.googleapis.com/vpc-access-egress]",
  ],
  [
    /^template\.(?:template\.)?vpcAccess\.networkInterfaces.*/,
    "spec.template.metadata.annotations[run.googleapis.com/network-interfaces]",
  ],
  [/^template\.scaling\.minInstanceCount$/, "spec.template.metadata.annotations[autoscaling.knative.dev/minScale]"],
  [/^template\.scaling\.maxInstanceCount$/, "spec.template.metadata.annotations[autoscaling.knative.dev/maxScale]"],
  [/^scaling\.minInstanceCount$/, "metadata.annotations[run.googleapis.com/minScale]"],
  [/^scaling\.maxInstanceCount$/, "metadata.annotations[run.googleapis.com/maxScale]"],
  [/^template\.executionEnvironment$/, "spec.template.metadata.annotations[run.googleapis.com/execution-environment]"],
  [/^template\.sessionAffinity$/, "spec.template.metadata.annotations[run.googleapis.com/sessionAffinity]"],
  [/^template\.healthCheckDisabled$/, "spec.template.metadata.annotations[run.googleapis.com/health-check-disabled]"],
  [
    /^template\.containers\[\d+\]\.resources\.cpuIdle$/,
    "spec.template.metadata.annotations[run.googleapis.com/cpu-throttling]",
  ],
  [/^template\.serviceAccount$/, "spec.template.spec.serviceAccountName"],
  [/^template\.timeout$/, "spec.template.spec.timeoutSeconds"],
  [/^template\.maxInstanceRequestConcurrency$/, "spec.template.spec.containerConcurrency"],
  [/^ingress$/, "metadata.annotations[run.googleapis.com/ingress]"],
  [/^template\.template\.serviceAccount$/, "spec.template.spec.template.spec.serviceAccountName"],
  [/^template\.(parallelism|taskCount)$/, "spec.template.spec.$1"],
  [/^template\.template\.(containers|volumes)/, "spec.template.spec.template.spec.$1"],
  [/^template\.(containers|volumes)/, "spec.template.spec.$1"],
  [/^traffics\b/, "spec.traffic"],
  [/\.envs\b/, ".env"],
  [/\.valueSource\.secretKeyRef\.version$/, ".valueFrom.secretKeyRef.key"],
  [/\.valueSource\.secretKeyRef\.secret$/, ".valueFrom.secretKeyRef.name"],
];

/**
 * A property of the resource in gcloud's terms, with the value that gcloud prints or, where it prints none, the rule's
 * own.
 */
export function evidenceOf({ form, object }: Deployed, setting: string, fallback: string): Evidence {
  const field = (form === "knative" ? KNATIVE : REST).reduce(
    (path, [ours, theirs]) => path.replace(ours, theirs),
    setting,
  );
  // A variable's value may be a secret, so only what the rule shows is printed.
  const printed = /\.env\b/.test(field) ? undefined : valueAt(object, field);
  return { field, value: printed === undefined ? fallback : String(printed) };
}

/** A scalar at a path like `a.b[0].c`, `a[x/y]` (a key) or `flags[name]` (a named element). */
function valueAt(object: unknown, path: string): string | number | boolean | undefined {
  const steps = [...path.matchAll(/\[([^\]]+)\]|([^.[\]]+)/g)].map(([, bracketed, plain]) => bracketed ?? plain ?? "");
  const value = steps.reduce<unknown>((at, step) => {
    if (Array.isArray(at)) return /^\d+$/.test(step) ? at[Number(step)] : at.find((one) => one?.name === step)?.value;
    return at !== null && typeof at === "object" ? Reflect.get(at, step) : undefined;
  }, object);
  // just found to be one
  return ["string", "number", "boolean"].includes(typeof value) ? (value as string | number | boolean) : undefined;
}
