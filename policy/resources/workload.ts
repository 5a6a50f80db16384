import { cloudRunLimits } from "../../capacity/limits";
import { memoized } from "../../capacity/memoized";
import { parseCpu, parseMemoryMib } from "../../capacity/units";
import { RUN_JOB, RUN_SERVICE, RUN_SERVICE_V1, RUN_WORKER_POOL } from "../../config/resource-types";
import { type Inputs, MalformedValueError, UnknownAtPreviewError } from "../framework/inputs";
import type { Resource } from "../framework/rule";
import { regionIn } from "./cloud-name";

/**
 * Cloud Run's four kinds of workload behind one interface. Every workload can hold database connections, so each must
 * be counted or reported as "cannot evaluate".
 */
export interface Workload {
  readonly kind: "service" | "job" | "worker pool" | "v1 service";
  readonly resource: Resource;
  /** Its name in Cloud Run, else in Pulumi. */
  readonly label: string;
  /** The object with containers, volumes and network access. */
  readonly pod: Inputs;
  readonly containers: readonly Container[];
  /** Whether a second set of instances runs during a rollout. */
  readonly rolls: boolean;
}

export interface Container {
  readonly inputs: Inputs;
  readonly variables: readonly Variable[];
}

/** An environment variable. Its value is read only on use, because it may be unknown at preview. */
export interface Variable {
  readonly inputs: Inputs;
  readonly name: string;
  /** Its path in messages: `template.containers[0].envs[DB_POOL_SIZE]`, by position if it has no name. */
  readonly setting: string;
}

export interface SecretReference {
  readonly secret: string | undefined;
  readonly version: string | undefined;
}

/** Types that {@link workloadOf} reads. */
export const WORKLOAD_TYPES = [RUN_SERVICE, RUN_JOB, RUN_WORKER_POOL, RUN_SERVICE_V1];

/** Reads a Cloud Run resource of any kind; `undefined` for every other type. */
export const workloadOf = memoized((resource: Resource): Workload | undefined => {
  const { properties, type } = resource;
  const template = () => properties.object("template");
  const build = (kind: Workload["kind"], pod: Inputs): Workload => {
    const containers = once(() => pod.list("containers").map(containerOf));
    return {
      kind,
      resource,
      label: properties.isUnknown("name") ? resource.name : (properties.text("name") ?? resource.name),
      pod,
      get containers() {
        return containers();
      },
      rolls: kind === "service" || kind === "v1 service",
    };
  };
  if (type === RUN_SERVICE) return build("service", template());
  if (type === RUN_JOB) return build("job", template().object("template"));
  if (type === RUN_WORKER_POOL) return build("worker pool", template());
  if (type === RUN_SERVICE_V1) return build("v1 service", template().object("spec"));
  return undefined;
});

function containerOf(inputs: Inputs): Container {
  const variables = once(() =>
    inputs.list("envs").map((variable) => {
      const name = variable.text("name") ?? "";
      // An invalid name may contain anything, even a secret: only its position is shown.
      return {
        inputs: variable,
        name,
        setting: /^[\w.-]+$/.test(name) ? `${inputs.at("envs")}[${name}]` : variable.path,
      };
    }),
  );
  return {
    inputs,
    get variables() {
      return variables();
    },
  };
}

/** Empty if it has none or it is unknown at preview. */
export const containerName = ({ inputs }: Container): string => inputs.knownOnly().text("name") ?? "";

/** Reads on first use: an unknown environment must not keep a rule from judging the image. */
function once<T>(read: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => {
    known ??= { value: read() };
    return known.value;
  };
}

/** Whether it is a job that an update runs and waits for: resources of the same update start after it. */
export const runsInUpdate = ({ kind, resource: { properties } }: Workload): boolean =>
  kind === "job" && (properties.isUnknown("runExecutionToken") || (properties.text("runExecutionToken") ?? "") !== "");

/**
 * The regions that a workload runs in; a v2 service may have several. Throws if one is unknown, because they multiply
 * its instances.
 */
export function regionsOf({ resource: { properties, provider } }: Workload): readonly string[] {
  const several = properties.object("multiRegionSettings").texts("regions");
  return several.length > 0
    ? several
    : [regionIn(properties.text("location") || provider.knownOnly().text("region")) ?? ""];
}

const limitsOf = (container: Inputs) => container.object("resources").object("limits");
const cpuOf = (limits: Inputs) => quantity(limits, "cpu", parseCpu) ?? cloudRunLimits.defaultCpu.value;
const memoryMibOf = (limits: Inputs) =>
  quantity(limits, "memory", parseMemoryMib) ?? cloudRunLimits.defaultMemoryMib.value;
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

/** vCPU of one instance, all containers together, with Cloud Run's default filled in. */
export function instanceCpu(workload: Workload): number {
  return sum(workload.containers.map(({ inputs }) => cpuOf(limitsOf(inputs))));
}

/**
 * CPU (vCPU) and memory (MiB) of one instance, all containers together, with Cloud Run's defaults filled in. For stack
 * rules: in outputs a preview does not know the limits that the program left out.
 */
export function instanceSize(workload: Workload): { readonly cpu: number; readonly memoryMib: number } {
  const limits = workload.containers.map(({ inputs }) => limitsOf(inputs.knownOnly()));
  return { cpu: sum(limits.map(cpuOf)), memoryMib: sum(limits.map(memoryMibOf)) };
}

/** The revision's annotations: a v1 service states there what v2 has as properties. */
export function revisionAnnotations(workload: Workload): Inputs {
  return workload.resource.properties.object("template").object("metadata").object("annotations");
}

/** Reads a quantity such as `"4Gi"`; `undefined` if it is not set. Throws MalformedValueError if it is invalid. */
function quantity(inputs: Inputs, key: string, parse: (text: string) => number | undefined): number | undefined {
  const text = inputs.text(key);
  if (text === undefined) return undefined;
  const value = parse(text);
  if (value === undefined)
    throw new MalformedValueError(
      `${inputs.at(key)} must be a quantity such as ${parse === parseCpu ? '"2"' : '"512Mi"'}`,
    );
  return value;
}

/** The literal value; `undefined` if there is none. Throws if it is unknown at preview. */
export function literalOf(variable: Variable): string | undefined {
  if (secretSourceOf(variable)) return undefined;
  // The error names the variable, because outputs order variables differently from the program.
  if (variable.inputs.isUnknown("value")) throw new UnknownAtPreviewError(variable.setting);
  return variable.inputs.text("value");
}

/** The setting in which a variable names its secret, in v2's or v1's form; the secret may be unknown at preview. */
export function secretSourceOf({ inputs, setting }: Variable) {
  const shapes = [
    { source: "valueSource", secretKey: "secret", versionKey: "version" },
    { source: "valueFrom", secretKey: "name", versionKey: "key" },
  ];
  const shape = shapes.find(({ source }) => inputs.object(source).has("secretKeyRef"));
  return (
    shape && {
      ...shape,
      setting: `${setting}.${shape.source}.secretKeyRef`,
      reference: inputs.object(shape.source).object("secretKeyRef"),
    }
  );
}

/** The secret of a variable. Throws if it is unknown at preview. */
export function secretOf(variable: Variable): SecretReference | undefined {
  const source = secretSourceOf(variable);
  return (
    source && {
      secret: source.reference.text(source.secretKey),
      version: source.reference.textOrNumber(source.versionKey),
    }
  );
}
