import { ifReadable } from "../../../policy/framework/inputs";
import { cloudName } from "../../../policy/resources/cloud-name";
import { mountedSecrets as filesOfSecrets, secretVersionOf } from "../../../policy/resources/secret-reference";
import { type Deployed, workloadIn } from "./deployed";
import type { Location } from "./sources";

/** A secret that a service takes, by the name of its variable or file. */
export interface MountedSecret {
  readonly service: Deployed;
  readonly variable: string;
  readonly isFile: boolean;
  /** As gcloud prints its path. */
  readonly field: string;
  readonly secret: string;
  readonly version: string;
  /** Whether it stands in another project, whose versions are not collected. */
  readonly isElsewhere: boolean;
}

/**
 * Every secret that a variable is taken from, or that is mounted as a file. A reference that cannot be read is the
 * pack's to report.
 */
export function mountedSecrets(deployed: readonly Deployed[], location: Location): MountedSecret[] {
  return deployed.flatMap((service) => {
    const workload = workloadIn(service, location);
    if (!workload) return [];
    const isKnative = service.form === "knative";
    const fieldOf = (path: string) => (isKnative ? `spec.${path.replaceAll("template.", "template.spec.")}` : path);
    const ofVariables = workload.containers.flatMap(({ inputs: container, variables }) =>
      variables.flatMap((variable): MountedSecret[] => {
        const reference = ifReadable(() => secretVersionOf(workload, variable));
        if (!reference) return [];
        const { project, secret, version } = reference;
        const key = isKnative ? "valueFrom.secretKeyRef.key" : "valueSource.secretKeyRef.version";
        const field = `${fieldOf(container.path)}.env[${variable.name}].${key}`;
        return [
          {
            service,
            variable: variable.name,
            isFile: false,
            field,
            secret,
            version,
            isElsewhere: isElsewhere(project, location),
          },
        ];
      }),
    );
    const ofFiles = filesOfSecrets(workload).flatMap(
      ({ setting, secret, version = "latest", path }): MountedSecret[] => {
        const named = cloudName(secret, "secrets");
        if (!named) return [];
        const field = fieldOf(setting).replace(/\.items\[.*$/, "");
        return [
          {
            service,
            variable: path ?? named.name,
            isFile: true,
            field,
            secret: named.name,
            version,
            isElsewhere: isElsewhere(named.project, location),
          },
        ];
      },
    );
    return [...ofVariables, ...ofFiles];
  });
}

/** Google shows projects by their numbers, too, which nothing here compares. */
const isElsewhere = (project: string | undefined, location: Location) =>
  project !== undefined && !/^\d+$/.test(project) && project !== location.project;
