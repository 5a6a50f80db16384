import type { Settings } from "../config";
import { Inputs } from "../policy/inputs";
import { secretVersionOf } from "../policy/secret-reference";
import { workloadOf } from "../policy/workload";
import { asRegistered, type Deployed } from "./deployed";
import { type Finding, finding } from "./findings";
import type { Collection } from "./recognise";
import { collectingLine, type Place } from "./sources";

/** A secret that a service's container takes, by variable. */
export interface MountedSecret {
  readonly service: Deployed;
  readonly variable: string;
  /** As gcloud prints its place. */
  readonly field: string;
  readonly secret: string;
  readonly version: string;
  /** Whether it stands in another project, whose versions are not collected. */
  readonly isElsewhere: boolean;
}

export interface SecretsAnswer {
  readonly findings: readonly Finding[];
  /** Secrets whose versions are not known, with the reason. */
  readonly open: readonly { readonly secret: string; readonly why: string; readonly line: string }[];
  readonly mounted: readonly MountedSecret[];
}

/** Every secret that a variable is taken from. A reference that cannot be read is the pack's to report. */
export function mountedSecrets(deployed: readonly Deployed[], place: Place): MountedSecret[] {
  return deployed.flatMap((service) => {
    const { type, name, urn, inputs } = asRegistered(service);
    const workload = workloadOf({ type, name, urn, properties: new Inputs(inputs), provider: new Inputs(place) });
    return (workload?.containers ?? []).flatMap(({ inputs: container, variables }) =>
      variables.flatMap((variable): MountedSecret[] => {
        const reference = workload && reading(() => secretVersionOf(workload, variable));
        if (!reference) return [];
        const { project, secret, version } = reference;
        const isElsewhere = project !== undefined && !/^\d+$/.test(project) && project !== place.project;
        const [path, key] =
          service.form === "knative"
            ? [`spec.${container.path.replace("template.", "template.spec.")}`, "valueFrom.secretKeyRef.key"]
            : [container.path, "valueSource.secretKeyRef.version"];
        return [{ service, variable: variable.name, field: `${path}.env[${variable.name}].${key}`, secret, version, isElsewhere }];
      }),
    );
  });
}

function reading<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Whether every mounted version is there and enabled. */
export function judgeSecrets(mounted: readonly MountedSecret[], collection: Collection, settings: Settings): SecretsAnswer {
  const states = versionStates(collection);
  const findings: Finding[] = [];
  const open = new Map<string, { secret: string; why: string; line: string }>();
  for (const one of mounted) {
    const { secret, version, service, variable, field } = one;
    const known = states.get(secret);
    const lost = (state: string, mend: string) =>
      findings.push(
        finding("secret-version", {
          resource: service.name,
          evidence: [{ field, value: `${secret}, version ${version}: ${state}` }],
          consequences: [`must be an enabled version because no instance that takes ${variable} from it can start`],
          mend: [mend],
        }),
      );
    if (collection.absentSecrets.has(secret)) lost("there is no such secret", `gcloud secrets create ${secret} --project=${settings.project}`);
    else if (known === undefined) {
      const why = one.isElsewhere
        ? "it stands in another project"
        : (collection.secretGaps.get(secret) ?? collection.gaps.get("versions") ?? "no file shows its versions");
      open.set(secret, { secret, why, line: collectingLine("versions", settings, secret) });
    } else {
      const newest = Math.max(0, ...[...known.keys()].map(Number));
      const state = known.get(version === "latest" ? String(newest) : version);
      if (state === "DISABLED")
        lost(state, `gcloud secrets versions enable ${version === "latest" ? newest : version} --secret=${secret} --project=${settings.project}`);
      else if (state !== "ENABLED")
        lost(
          state ?? "there is no such version",
          `gcloud run services update ${service.name} --project=${settings.project} --region=${service.region} --update-secrets=${variable}=${secret}:${enabledOf(known) ?? "VERSION"}`,
        );
    }
  }
  return { findings, open: [...open.values()], mounted };
}

const enabledOf = (known: ReadonlyMap<string, string>) =>
  [...known]
    .filter(([, state]) => state === "ENABLED")
    .map(([version]) => Number(version))
    .toSorted((a, b) => b - a)[0];

/** The state of each version that was found, by secret and version. */
function versionStates({ found }: Collection): Map<string, Map<string, string>> {
  const states = new Map<string, Map<string, string>>();
  for (const { source, object } of found) {
    if (source !== "versions") continue;
    const [, , , secret = "", , version = ""] = String(object.name).split("/");
    states.set(secret, (states.get(secret) ?? new Map<string, string>()).set(version, String(object.state)));
  }
  return states;
}
