import type { Settings } from "../../config/read";
import type { Collection } from "../shared/cloud/classify";
import type { MountedSecret } from "../shared/cloud/mounted-secrets";
import { word } from "../shared/cloud/shell";
import { newestEnabledOf, versionStates } from "../shared/cloud/versions";
import { type RemediableFinding, remediableFinding } from "./findings";
import { hasOneContainer, secretVersions } from "./flags";
import { type Repair, repairs } from "./remedy-commands";

export interface SecretsAnswer {
  readonly findings: readonly RemediableFinding[];
  /** Secrets whose versions are not known, with the reason. */
  readonly open: readonly { readonly secret: string; readonly why: string }[];
  readonly mounted: readonly MountedSecret[];
}

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
      const lost = problemText(state);
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
): RemediableFinding =>
  remediableFinding("secret-version", {
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
function problemText(state: VersionState): string | undefined {
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
