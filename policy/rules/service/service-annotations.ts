import { problem } from "../../../capacity/problem";
import { RUN_SERVICE_V1 } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";

const SERVICE = "metadata.annotations";
const REVISION = "template.metadata.annotations";

/**
 * Where Cloud Run accepts each annotation.
 * Source: Cloud Run API v1, ObjectMeta.annotations ("accepted annotations will be different depending on the resource
 * type"), read 2026-11-28.
 */
const LEVELS: readonly (readonly [level: string, names: readonly string[]])[] = [
  [
    REVISION,
    [
      "autoscaling.knative.dev/maxScale",
      "autoscaling.knative.dev/minScale",
      ...[
        "cloudsql-instances",
        "container-dependencies",
        "cpu-throttling",
        "encryption-key",
        "encryption-key-shutdown-hours",
        "execution-environment",
        "gpu-zonal-redundancy-disabled",
        "health-check-disabled",
        "network-interfaces",
        "post-key-revocation-action-type",
        "secrets",
        "sessionAffinity",
        "startup-cpu-boost",
        "vpc-access-connector",
        "vpc-access-egress",
      ].map((name) => `run.googleapis.com/${name}`),
    ],
  ],
  [
    SERVICE,
    [
      "binary-authorization",
      "binary-authorization-breakglass",
      "custom-audiences",
      "default-url-disabled",
      "description",
      "gc-traffic-tags",
      "ingress",
      "invoker-iam-disabled",
      "launch-stage",
      "manualInstanceCount",
      "maxScale",
      "minScale",
      "scalingMode",
    ].map((name) => `run.googleapis.com/${name}`),
  ],
];

export const serviceAnnotations = resourceRule({
  name: "service-annotations",
  info: "A v1 service's annotations are where Cloud Run reads them: on the service, or on its revision's template.",
  why: "The preview accepts any annotation anywhere; Google refuses the deploy, or ignores the connector, socket or instance limit.",
  severity: "high",
  remediation:
    "Set connector, egress, cloudsql-instances and autoscaling in template.metadata.annotations; ingress, launch-stage, minScale and maxScale in metadata.annotations.",
  types: [RUN_SERVICE_V1],
  judge({ properties }, { refuse, attempt }) {
    const stated = {
      [SERVICE]: () => properties.object("metadata"),
      [REVISION]: () => properties.object("template").object("metadata"),
    };
    for (const [level, metadata] of Object.entries(stated))
      attempt(() => {
        const annotations = metadata().object("annotations");
        for (const name of annotations.keys()) {
          const right = LEVELS.find(([, names]) => names.includes(name))?.[0];
          if (right === undefined || right === level || !annotations.has(name)) continue;
          const value = annotations.isUnknown(name) ? "not known at preview" : annotations.text(name);
          const because = "Cloud Run takes this annotation nowhere else and refuses the deploy";
          refuse(
            problem({
              setting: annotations.at(name),
              value,
              must: `be in '${right}'`,
              because,
              instead: "move it there",
            }),
          );
        }
      });
  },
});
