import { indexed } from "../../capacity/memoized";
import { REGIONAL_SECRET_VERSION, SECRET_VERSION, SECRETS } from "../../config/resource-types";
import { ifReadable } from "../framework/inputs";
import type { StackResource } from "../framework/rule";
import { cloudName, projectOf } from "./cloud-name";
import { dependenciesOf } from "./dependencies";
import { isSecret } from "./secret-grants";
import { mountedSecrets, type SecretVersionName, versionName } from "./secret-reference";
import { secretSourceOf, type Workload } from "./workload";

/** A secret of the stack that a workload uses, as a variable or as a file. */
export interface UsedSecret extends Pick<SecretVersionName, "secret" | "project"> {
  /** The setting that states its version. */
  readonly setting: string;
  /** Absent if it is unknown at preview. */
  readonly version: string | undefined;
}

const nameIn = ({ properties }: StackResource, key: string) =>
  cloudName(properties.knownOnly().text(key), "secrets")?.name;

/** The stack's secrets by id. */
const byId = indexed((secret: StackResource) => (SECRETS.includes(secret.type) ? [nameIn(secret, "secretId")] : []));

/** Only secrets that the stack creates: those of other stacks are not known here. */
export function usedSecrets(workload: Workload, stack: readonly StackResource[]): UsedSecret[] {
  const isOwn = ({ secret, project }: UsedSecret) =>
    byId(stack, secret).some((other) =>
      isSecret(other.properties.knownOnly().text("secretId") ?? "", projectOf(other), { secret, project }),
    );
  const named = (setting: string, secret: string | undefined, version: string | undefined): UsedSecret[] => {
    if (!secret) return [];
    const { version: _, ...name } = versionName(workload, { secret, version: version ?? "latest" }, setting);
    return [{ ...name, version, setting }];
  };
  const variables = workload.containers.flatMap((container) =>
    container.inputs.isUnknown("envs") ? [] : container.variables,
  );
  const taken = [
    ...variables.flatMap((variable) => {
      const source = secretSourceOf(variable);
      if (!source || source.reference.isUnknown(source.secretKey)) return [];
      const known = source.reference.knownOnly();
      return named(
        `${source.setting}.${source.versionKey}`,
        known.text(source.secretKey),
        known.textOrNumber(source.versionKey) || undefined,
      );
    }),
    ...mountedSecrets(workload).flatMap(({ setting, secret, version }) => named(setting, secret, version)),
  ];
  return taken.filter(isOwn);
}

/**
 * The version that a workload uses if the program disables it, found by its number if that is known. A new version has
 * no number at preview: then all versions of the secret without one must be disabled, and one of them must be the one
 * in use, because the workload depends on it or the secret is new.
 */
export function disabledVersion(
  user: StackResource,
  taken: UsedSecret,
  stack: readonly StackResource[],
): StackResource | undefined {
  const possible = bySecret(stack, taken.secret, ANY).filter((other) => mayBeOf(other, taken, user));
  const named = possible.filter(({ properties }) => !properties.isUnknown("secret"));
  const versions = named.length > 0 ? named : possible;
  const numbered = versions.filter(({ properties }) => properties.knownOnly().hasText("version"));
  const exact = numbered.find(({ properties }) => properties.text("version") === taken.version);
  if (exact) return isDisabled(exact) ? exact : undefined;
  const made = versions.filter((other) => !numbered.includes(other));
  const isTaken = numbered.length === 0 || dependenciesOf(user, VERSIONS).some((other) => made.includes(other));
  return isTaken && made.every(isDisabled) ? made[0] : undefined;
}

const VERSIONS = [SECRET_VERSION, REGIONAL_SECRET_VERSION];
const isDisabled = ({ properties }: StackResource) => properties.knownOnly().flag("enabled") === false;

/** Stands for every secret. */
const ANY = "*";

/** The stack's versions by the secrets that they may be of. */
const bySecret = indexed((version: StackResource): readonly (string | undefined)[] => {
  if (!VERSIONS.includes(version.type)) return [];
  if (!version.properties.isUnknown("secret")) return [ifReadable(() => nameIn(version, "secret")) ?? ANY];
  const secrets = dependenciesOf(version, SECRETS);
  return secrets.length > 0 ? secrets.map((secret) => nameIn(secret, "secretId")) : [ANY];
});

function mayBeOf(version: StackResource, taken: UsedSecret, user: StackResource): boolean {
  if (!version.properties.isUnknown("secret"))
    return isSecret(version.properties.text("secret") ?? "", projectOf(version), taken);
  const secrets = dependenciesOf(version, SECRETS);
  if (secrets.length > 0)
    return secrets.some((secret) =>
      isSecret(secret.properties.knownOnly().text("secretId") ?? "", projectOf(secret), taken),
    );
  return dependenciesOf(user, VERSIONS).includes(version);
}
