import { problem } from "../../capacity/problem";
import { type Inputs, MalformedValueError } from "../framework/inputs";
import { regionsOf, type Workload } from "./workload";

/** The inputs of one level, and the keys of its counts. */
export interface ScalingLevel {
  readonly inputs: Inputs;
  readonly keys: { readonly minInstances: string; readonly maxInstances: string };
}

/** How a service or a worker pool states its instances. A worker pool's revision states none. */
export interface Scaling {
  /** `AUTOMATIC`, `MANUAL` or any other text that the program states; else Cloud Run's default. */
  readonly mode: string;
  readonly modeSetting: string;
  /** The manual count. */
  readonly manual: { readonly inputs: Inputs; readonly key: string };
  readonly service: ScalingLevel;
  readonly revision: ScalingLevel;
}

const V2 = {
  minInstances: "minInstanceCount",
  maxInstances: "maxInstanceCount",
  mode: "scalingMode",
  manual: "manualInstanceCount",
};
const V1_SERVICE = {
  minInstances: "run.googleapis.com/minScale",
  maxInstances: "run.googleapis.com/maxScale",
  mode: "run.googleapis.com/scalingMode",
  manual: "run.googleapis.com/manualInstanceCount",
};
const V1_REVISION = {
  minInstances: "autoscaling.knative.dev/minScale",
  maxInstances: "autoscaling.knative.dev/maxScale",
};

/** Reads the properties as given: the caller decides how their unknown values are read. */
export function scalingOf(kind: Exclude<Workload["kind"], "job">, properties: Inputs): Scaling {
  const isV1 = kind === "v1 service";
  const template = properties.object("template");
  const keys = isV1 ? V1_SERVICE : V2;
  const service = isV1 ? properties.object("metadata").object("annotations") : properties.object("scaling");
  const revision = isV1
    ? { inputs: template.object("metadata").object("annotations"), keys: V1_REVISION }
    : { inputs: template.object("scaling"), keys: V2 };
  return {
    mode: service.choice(keys.mode) ?? (kind === "worker pool" ? "MANUAL" : "AUTOMATIC"),
    modeSetting: service.at(keys.mode),
    manual: { inputs: service, key: keys.manual },
    service: { inputs: service, keys },
    revision,
  };
}

/**
 * The most instances that can run at once, in all regions and revisions with traffic, and the setting that limits them.
 */
export interface Maximum {
  readonly setting: string;
  readonly instances: number;
}

/**
 * The most instances that can run at once. A service's own maximum wins over the revision's. For stack rules: in
 * outputs a preview does not know the level that the program left out. Throws where no level states it.
 */
export function maximumOf(workload: Workload): Maximum {
  const { setting, instances, revisions = 1 } = statedMaximum(workload);
  if (instances !== undefined && Number.isInteger(instances) && instances >= 1)
    return { setting, instances: instances * revisions * regionsOf(workload).length };
  const { message } = problem({
    setting,
    value: instances,
    must: `state how many instances ${workload.label} may have`,
    because: "without a number nothing limits their total",
    fix: "a whole number of at least 1",
  });
  throw new MalformedValueError(message);
}

/** `revisions`: how many revisions may have that maximum each, where it is the revision's. */
function statedMaximum({ kind, resource }: Workload): {
  readonly setting: string;
  readonly instances: number | undefined;
  readonly revisions?: number;
} {
  const properties = resource.properties.knownOnly();
  if (kind === "job") {
    const template = properties.object("template");
    const tasks = positive(template.number("taskCount")) ?? 1;
    return {
      setting: template.at("parallelism"),
      instances: Math.min(positive(template.number("parallelism")) ?? tasks, tasks),
    };
  }
  const { mode, manual, service, revision } = scalingOf(kind, properties);
  const at = (inputs: Inputs, key: string) => ({ setting: inputs.at(key), instances: inputs.number(key) });
  if (mode === "MANUAL") return at(manual.inputs, manual.key);
  const maximum = at(service.inputs, service.keys.maxInstances);
  if (kind === "worker pool" || positive(maximum.instances)) return maximum;
  const serving = properties.list("traffics").filter((traffic) => (traffic.number("percent") ?? 0) > 0).length;
  return { ...at(revision.inputs, revision.keys.maxInstances), revisions: Math.max(1, serving) };
}

/** The instances that always run; 0 where nothing states a minimum. */
export function minInstancesOf({ kind, resource }: Workload): number {
  if (kind === "job") return 0;
  const { mode, manual, service, revision } = scalingOf(kind, resource.properties.knownOnly());
  if (mode === "MANUAL") return manual.inputs.number(manual.key) ?? 0;
  return Math.max(...[service, revision].map(({ inputs, keys }) => inputs.number(keys.minInstances) ?? 0));
}

/** In outputs 0 means "not set"; `service-scaling` refuses a stated zero. */
const positive = (value: number | undefined) => (value === 0 ? undefined : value);
