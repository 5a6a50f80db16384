import type { Inputs } from "../framework/inputs";
import type { Workload } from "./workload";

/** The counts of one level, and how they are called there. */
export interface ScalingLevel {
  readonly inputs: Inputs;
  readonly keys: { readonly minInstances: string; readonly maxInstances: string };
}

/** How a service or a worker pool states its instances. A worker pool's revision states none. */
export interface Scaling {
  /** `AUTOMATIC`, `MANUAL`, or whatever else is written; Cloud Run's default where nothing is. */
  readonly mode: string;
  readonly modeSetting: string;
  /** The count by hand. */
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

/** Reads the properties as given: a stack rule hands over a workload whose unknown values are read as it wants them. */
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
