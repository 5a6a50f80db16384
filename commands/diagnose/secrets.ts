import type { Settings } from "../../config/schema";
import type { Collection, Gap } from "../shared/cloud/classify";
import type { MountedSecret } from "../shared/cloud/mounted-secrets";
import { word } from "../shared/cloud/shell";
import { newestEnabledOf, versionStates } from "../shared/cloud/versions";
import { type RemediableFinding, remediableFinding } from "./findings";
import { hasOneContainer, secretVersions } from "./flags";
import { type Repair, repairs } from "./remedy-commands";

export interface SecretsAnswer {
  readonly findings: readonly RemediableFinding[];
  /** Secrets whose versions are unknown, and why. */
  readonly open: readonly ({ readonly secret: string } & Gap)[];
  readonly mounted: readonly MountedSecret[];
}

/** What is known of a mounted version. */
type VersionState =
  | { readonly is: "enabled" }
  | ({ readonly is: "unknown" } & Gap)
  | { readonly is: "no secret" }
  | { readonly is: "no version" }
  | { readonly is: "disabled"; readonly number: string }
  /** Destroyed, or never created. `others`: the secret's other versions with their states. */
  | { readonly is: "gone"; readonly state: string | undefined; readonly others: ReadonlyMap<string, string> };

function versionState({ secret, version, isElsewhere }: MountedSecret, collection: Collection): VersionState {
  const { absent, listed, gaps } = collection.items.versions;
  if (absent.has(secret)) return { is: "no secret" };
  const isListed = listed.has(secret);
  const known = versionStates(collection).get(secret) ?? (isListed ? new Map<string, string>() : undefined);
  if (known === undefined) {
    if (isElsewhere) return { is: "unknown", why: "it belongs to another project" };
    return { is: "unknown", ...(gaps.get(secret) ?? collection.gaps.get("versions") ?? NO_FILE) };
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

const NO_FILE: Gap = { why: "no file shows its versions" };

const newestOf = (versions: ReadonlyMap<string, string>) => String(Math.max(0, ...[...versions.keys()].map(Number)));

/** Whether every mounted version exists and is enabled. */
export function judgeSecrets(
  mounted: readonly MountedSecret[],
  collection: Collection,
  settings: Settings,
): SecretsAnswer {
  const states = mounted.map((one) => ({ one, state: versionState(one, collection) }));
  return {
    mounted,
    findings: states.flatMap(({ one, state }) => {
      const fault = versionFault(one, state, settings);
      return fault ? [secretFinding(one, fault)] : [];
    }),
    open: [
      ...new Map(
        states.flatMap(({ one: { secret }, state }) =>
          state.is === "unknown" ? [[secret, { secret, why: state.why, mend: state.mend }]] : [],
        ),
      ).values(),
    ],
  };
}

/** Why a version cannot be mounted, and the commands that change it. */
interface VersionFault {
  readonly text: string;
  readonly repairs: readonly Repair[];
  /** What to do where no command is printed. Default: mount another version. */
  readonly mend?: string;
  readonly mendedByUp?: boolean;
}

/** `undefined`: nothing keeps the version from being mounted, or its state is unknown. */
function versionFault(one: MountedSecret, state: VersionState, settings: Settings): VersionFault | undefined {
  const { secret } = one;
  const project = `--project=${settings.project}`;
  const create = commandOf(`gcloud secrets create ${word(secret)} ${project}`);
  // The value is typed, or piped in.
  const add = commandOf(`gcloud secrets versions add ${word(secret)} ${project} --data-file=-`);
  const mountAdded = (number: number) =>
    mountVersion(one, number, settings).map((repair) => ({ ...repair, after: add.target.line }));
  switch (state.is) {
    case "enabled":
    case "unknown":
      return undefined;
    case "no secret": {
      // `up` creates the plan's own secrets, and would fail where one exists.
      const isPlanned = Object.values(settings.secrets).some(({ id }) => id === secret);
      return {
        text: "there is no such secret",
        repairs: isPlanned ? [] : [create, { ...add, after: create.target.line }, ...mountAdded(1)],
        mend: "`npm run up` creates the secrets of the plan, with their versions and grants",
        mendedByUp: isPlanned,
      };
    }
    case "no version":
      return { text: "the secret has no version", repairs: [add, ...mountAdded(1)] };
    case "disabled":
      return {
        text: "DISABLED",
        repairs: [commandOf(`gcloud secrets versions enable ${state.number} --secret=${word(secret)} ${project}`)],
      };
    case "gone": {
      const newest = newestEnabledOf(state.others);
      return {
        text: state.state ?? "there is no such version",
        repairs:
          newest === undefined
            ? [add, ...mountAdded(Number(newestOf(state.others)) + 1)]
            : mountVersion(one, newest, settings),
      };
    }
  }
}

const commandOf = (line: string): Repair => ({ target: { line }, flags: [] });

const secretFinding = (
  { service, field, secret, version, variable }: MountedSecret,
  { text, repairs, mend = `mount an enabled version of ${secret}`, mendedByUp = false }: VersionFault,
): RemediableFinding =>
  remediableFinding("secret-version", {
    resource: service.label,
    evidence: [{ field, value: `${secret}, version ${version}: ${text}` }],
    consequences: [`must be an enabled version because no instance that takes ${variable} from it can start`],
    mend: [mend],
    mendedByUp,
    repairs,
  });

/** Takes the variable from another version. A file would need the path of its volume. */
function mountVersion(
  { service, variable, secret, version, isFile }: MountedSecret,
  number: number,
  settings: Settings,
): Repair[] {
  const isMounted = version === "latest" || version === String(number);
  if (isMounted || isFile || !hasOneContainer(service)) return [];
  return repairs(service, settings, [secretVersions(service, [{ variable, secret, version: String(number) }])]);
}
