import type { Settings } from "../../config/read";
import { ifReadable } from "../../policy/framework/inputs";
import { cloudName } from "../../policy/resources/cloud-name";
import { mountedSecrets as filesOfSecrets, secretVersionOf } from "../../policy/resources/secret-reference";
import type { Collection } from "../shared/cloud/classify";
import { type Deployed, workloadIn } from "../shared/cloud/deployed";
import { word } from "../shared/cloud/shell";
import type { Place } from "../shared/cloud/sources";
import { newestEnabledOf, versionStates } from "../shared/cloud/versions";
import { type Found, mendable } from "./findings";
import { hasOneContainer, secretVersions } from "./flags";
import { type Repair, repairs } from "./remedy-commands";

/** A secret that a service takes, by the name of its variable or file. */
export interface MountedSecret {
  readonly service: Deployed;
  readonly variable: string;
  readonly isFile: boolean;
  /** As gcloud prints its place. */
  readonly field: string;
  readonly secret: string;
  readonly version: string;
  /** Whether it stands in another project, whose versions are not collected. */
  readonly isElsewhere: boolean;
}

export interface SecretsAnswer {
  readonly findings: readonly Found[];
  /** Secrets whose versions are not known, with the reason. */
  readonly open: readonly { readonly secret: string; readonly why: string }[];
  readonly mounted: readonly MountedSecret[];
}

/**
 * Every secret that a variable is taken from, or that is mounted as a file. A reference that cannot be read is the
 * pack's to report.
 */
export function mountedSecrets(deployed: readonly Deployed[], place: Place): MountedSecret[] {
  return deployed.flatMap((service) => {
    const workload = workloadIn(service, place);
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
            isElsewhere: isElsewhere(project, place),
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
            isElsewhere: isElsewhere(named.project, place),
          },
        ];
      },
    );
    return [...ofVariables, ...ofFiles];
  });
}

/** Google shows projects by their numbers, too, which nothing here compares. */
const isElsewhere = (project: string | undefined, place: Place) =>
  project !== undefined && !/^\d+$/.test(project) && project !== place.project;

/** What is known of a mounted version. */
type VersionState =
  | { readonly is: "enabled" }
  | { readonly is: "unknown"; readonly why: string }
  | { readonly is: "no secret" }
  | { readonly is: "no version" }
  | { readonly is: "disabled"; readonly number: string }
  /** Destroyed, or never made. `others`: the secret's other versions with their states. */
  | { readonly is: "gone"; readonly state: string | undefined; readonly others: ReadonlyMap<string, string> };

function versionState(
  { secret, version, isElsewhere: isForeign }: MountedSecret,
  collection: Collection,
): VersionState {
  if (collection.items.versions.absent.has(secret)) return { is: "no secret" };
  const isListed = collection.items.versions.listed.has(secret);
  const known = versionStates(collection).get(secret) ?? (isListed ? new Map<string, string>() : undefined);
  if (known === undefined) {
    const why =
      collection.items.versions.gaps.get(secret) ?? collection.gaps.get("versions") ?? "no file shows its versions";
    return { is: "unknown", why: isForeign ? "it stands in another project" : why };
  }
  const isLatest = version === "latest";
  const number = isLatest ? newestOf(known) : version;
  const state = isLatest && !isListed ? undefined : known.get(number);
  if (state === undefined && !isListed)
    return { is: "unknown", why: `no file shows ${isLatest ? "which is the newest" : `version ${version}`}` };
  if (known.size === 0) return { is: "no version" };
  if (state === "ENABLED") return { is: "enabled" };
  return state === "DISABLED" ? { is: "disabled", number } : { is: "gone", state, others: known };
}

const newestOf = (versions: ReadonlyMap<string, string>) => String(Math.max(0, ...[...versions.keys()].map(Number)));

/** Whether every mounted version is there and enabled. */
export function judgeSecrets(
  mounted: readonly MountedSecret[],
  collection: Collection,
  settings: Settings,
): SecretsAnswer {
  const states = mounted.map((one) => ({ one, state: versionState(one, collection) }));
  return {
    mounted,
    findings: states.flatMap(({ one, state }) => {
      const lost = lostText(state);
      return lost === undefined ? [] : [secretFinding(one, lost, secretRepairs(one, state, settings))];
    }),
    open: [
      ...new Map(
        states.flatMap(({ one: { secret }, state }) =>
          state.is === "unknown" ? [[secret, { secret, why: state.why }]] : [],
        ),
      ).values(),
    ],
  };
}

const secretFinding = (
  { service, field, secret, version, variable }: MountedSecret,
  lost: string,
  repairs: readonly Repair[],
): Found =>
  mendable("secret-version", {
    resource: service.label,
    evidence: [{ field, value: `${secret}, version ${version}: ${lost}` }],
    consequences: [`must be an enabled version because no instance that takes ${variable} from it can start`],
    mend: [
      lost === NO_SECRET
        ? "`npm run up` makes the secrets of the plan, with their versions and grants"
        : `mount a version of ${secret} that is enabled`,
    ],
    repairs,
  });

const NO_SECRET = "there is no such secret";

/** What keeps a version from being mounted; `undefined`: nothing, or it is not known. */
function lostText(state: VersionState): string | undefined {
  switch (state.is) {
    case "no secret":
      return NO_SECRET;
    case "no version":
      return "there is no version at all";
    case "disabled":
      return "DISABLED";
    case "gone":
      return state.state ?? "there is no such version";
    default:
      return undefined;
  }
}

function secretRepairs(one: MountedSecret, state: VersionState, settings: Settings): Repair[] {
  const { secret, version } = one;
  const project = `--project=${settings.project}`;
  const made: Repair = { target: { line: `gcloud secrets create ${word(secret)} ${project}` }, flags: [] };
  // People type the value, or pipe it in.
  const added: Repair = {
    target: { line: `gcloud secrets versions add ${word(secret)} ${project} --data-file=-` },
    flags: [],
  };
  const mountedAs = (number: number, after?: Repair): Repair[] => {
    if (version === "latest" || version === String(number)) return [];
    return repinned(one, number, settings).map((repair) => (after ? { ...repair, after: after.target.line } : repair));
  };
  switch (state.is) {
    case "no secret":
      // `up` makes the plan's own, and would meet it.
      if (Object.values(settings.secrets).some(({ id }) => id === secret)) return [];
      return [made, { ...added, after: made.target.line }, ...mountedAs(1, added)];
    case "no version":
      return [added, ...mountedAs(1, added)];
    case "disabled":
      return [
        {
          target: { line: `gcloud secrets versions enable ${state.number} --secret=${word(secret)} ${project}` },
          flags: [],
        },
      ];
    case "gone": {
      const newest = newestEnabledOf(state.others);
      return newest === undefined
        ? [added, ...mountedAs(Number(newestOf(state.others)) + 1, added)]
        : mountedAs(newest);
    }
    default:
      return [];
  }
}

/** A variable taken from another version. A file's would need the path of its volume. */
function repinned({ service, variable, secret, isFile }: MountedSecret, version: number, settings: Settings): Repair[] {
  if (isFile || !hasOneContainer(service)) return [];
  return repairs(service, settings, [secretVersions(service, [{ variable, secret, version: String(version) }])]);
}
