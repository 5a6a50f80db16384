import { indexed } from "../../capacity/memoized";
import { REGIONAL_SECRET_VERSION, SECRET_VERSION, SECRETS } from "../../config/resource-types";
import type { StackResource } from "../framework/rule";
import { cloudName } from "./cloud-name";

export const isSecretVersion = ({ type }: StackResource) => type === SECRET_VERSION || type === REGIONAL_SECRET_VERSION;

/** Versions by what they refer to and by the name that they state. */
const byReference = indexed((version: StackResource) =>
  isSecretVersion(version) ? [...version.propertyDependencies, nameIn(version, "secret")] : [],
);

/** The versions of a secret of the stack. */
export const versionsOfSecret = (secret: StackResource, resources: readonly StackResource[]) =>
  byReference(resources, secret, nameIn(secret, "secretId"));

/** Versions by the name that they state and the names of the secrets that they refer to. */
const byName = indexed((version: StackResource) =>
  isSecretVersion(version)
    ? [
        nameIn(version, "secret"),
        ...version.propertyDependencies.flatMap((other) =>
          SECRETS.includes(other.type) ? [nameIn(other, "secretId")] : [],
        ),
      ]
    : [],
);

/** The stack's versions of the secret with that id or path (`projects/p/secrets/id`). */
export const versionsNamed = (secret: string, resources: readonly StackResource[]): readonly StackResource[] =>
  byName(resources, secretIn(secret));

/** A version's value; `undefined` if it is unknown. Never show it in a message. */
export const dataOf = ({ properties }: StackResource): string | undefined => properties.knownSecret("secretData");

/** The secret in a property; a unique placeholder if it is unknown, so that two unknown secrets are never the same. */
const nameIn = ({ properties, name }: StackResource, key: string) =>
  secretIn(properties.knownOnly().text(key) || `?${name}`);

const secretIn = (text: string) => cloudName(text, "secrets")?.name;
