import type { Settings } from "../config";
import { cloudName } from "../policy/cloud-name";
import { secretVersionOf } from "../policy/secret-reference";
import { type Deployed, workloadIn } from "./deployed";
import { type Finding, finding } from "./findings";
import type { Collection } from "./recognise";
import { listWord, word } from "./shell";
import type { Place } from "./sources";
import { newestEnabledOf, versionStates } from "./versions";

/** A secret that a service takes, by the name of its variable or file. */
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
  readonly open: readonly { readonly secret: string; readonly why: string }[];
  readonly mounted: readonly MountedSecret[];
}

/** Every secret that a variable is taken from, or that is mounted as a file. A reference that cannot be read is the pack's to report. */
export function mountedSecrets(deployed: readonly Deployed[], place: Place): MountedSecret[] {
  return deployed.flatMap((service) => {
    const workload = workloadIn(service, place);
    if (!workload) return [];
    const isKnative = service.form === "knative";
    const fieldOf = (path: string) => (isKnative ? `spec.${path.replaceAll("template.", "template.spec.")}` : path);
    const ofVariables = workload.containers.flatMap(({ inputs: container, variables }) =>
      variables.flatMap((variable): MountedSecret[] => {
        const reference = reading(() => secretVersionOf(workload, variable));
        if (!reference) return [];
        const { project, secret, version } = reference;
        const key = isKnative ? "valueFrom.secretKeyRef.key" : "valueSource.secretKeyRef.version";
        const field = `${fieldOf(container.path)}.env[${variable.name}].${key}`;
        return [{ service, variable: variable.name, field, secret, version, isElsewhere: isElsewhere(project, place) }];
      }),
    );
    const ofFiles = workload.pod.list("volumes").flatMap((volume): MountedSecret[] => {
      const mounted = volume.object("secret");
      const named = cloudName(mounted.text("secret"), "secrets");
      if (!named) return [];
      const items = mounted.list("items").map((item) => ({ variable: item.text("path") ?? "", version: item.text("version") ?? "latest" }));
      // Without items all of the secret is mounted, at its latest version.
      return (items.length > 0 ? items : [{ variable: volume.text("name") ?? "", version: "latest" }]).map(({ variable, version }) => ({
        service,
        variable,
        field: `${fieldOf(volume.path)}.secret`,
        secret: named.name,
        version,
        isElsewhere: isElsewhere(named.project, place),
      }));
    });
    return [...ofVariables, ...ofFiles];
  });
}

/** Google shows projects by their numbers, too, which nothing here compares. */
const isElsewhere = (project: string | undefined, place: Place) => project !== undefined && !/^\d+$/.test(project) && project !== place.project;

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
  const open = new Map<string, { secret: string; why: string }>();
  for (const one of mounted) {
    const { secret, version, service, variable, field } = one;
    const isListed = collection.listedSecrets.has(secret);
    const known = states.get(secret) ?? (isListed ? new Map<string, string>() : undefined);
    const lost = (state: string, mend: string) =>
      findings.push(
        finding("secret-version", {
          resource: service.label,
          evidence: [{ field, value: `${secret}, version ${version}: ${state}` }],
          consequences: [`must be an enabled version because no instance that takes ${variable} from it can start`],
          mend: [mend],
        }),
      );
    if (collection.absentSecrets.has(secret)) lost("there is no such secret", `gcloud secrets create ${word(secret)} --project=${settings.project}`);
    else if (known === undefined) {
      const why = one.isElsewhere
        ? "it stands in another project"
        : (collection.secretGaps.get(secret) ?? collection.gaps.get("versions") ?? "no file shows its versions");
      open.set(secret, { secret, why });
    } else {
      const newest = Math.max(0, ...[...known.keys()].map(Number));
      const state = version === "latest" && !isListed ? undefined : known.get(version === "latest" ? String(newest) : version);
      if (state === undefined && !isListed)
        open.set(secret, { secret, why: `no file shows ${version === "latest" ? "which is the newest" : `version ${version}`}` });
      else if (known.size === 0) lost("there is no version at all", `gcloud secrets versions add ${word(secret)} --project=${settings.project} --data-file=-`);
      else if (state === "DISABLED")
        lost(state, `gcloud secrets versions enable ${version === "latest" ? newest : version} --secret=${word(secret)} --project=${settings.project}`);
      else if (state !== "ENABLED")
        lost(
          state ?? "there is no such version",
          `gcloud run ${service.source} update ${service.name} --project=${settings.project} --region=${service.region} --update-secrets=${listWord([`${variable}=${secret}:${newestEnabledOf(known) ?? "VERSION"}`])}`,
        );
    }
  }
  return { findings, open: [...open.values()], mounted };
}
