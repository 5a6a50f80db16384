import { REGIONAL_SECRET_VERSION, SECRET_VERSION, SECRETS } from "../../config/resource-types";
import type { StackResource } from "../framework/rule";
import { cloudName } from "./cloud-name";

export const isSecretVersion = ({ type }: StackResource) => type === SECRET_VERSION || type === REGIONAL_SECRET_VERSION;

/** The versions of a secret of the stack. */
export const versionsOfSecret = (secret: StackResource, resources: readonly StackResource[]) =>
  resources.filter(
    (version) =>
      isSecretVersion(version) &&
      (version.propertyDependencies.includes(secret) || nameIn(version, "secret") === nameIn(secret, "secretId")),
  );

/** The stack's versions of the secret with that id or path (`projects/p/secrets/id`). */
export function versionsNamed(secret: string, resources: readonly StackResource[]): StackResource[] {
  const id = secretIn(secret);
  return resources.filter(
    (version) =>
      isSecretVersion(version) &&
      (nameIn(version, "secret") === id ||
        version.propertyDependencies.some((other) => SECRETS.includes(other.type) && nameIn(other, "secretId") === id)),
  );
}

/** A version's value; `undefined` if it is unknown. Never show it in a message. */
export const dataOf = ({ properties }: StackResource): string | undefined => properties.knownSecret("secretData");

/** The secret in a property; a unique placeholder if it is unknown, so that two unknown secrets are never the same. */
const nameIn = ({ properties, name }: StackResource, key: string) =>
  secretIn(properties.knownOnly().text(key) || `?${name}`);

const secretIn = (text: string) => cloudName(text, "secrets")?.name;
