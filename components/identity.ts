import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import type { SecretReference } from "./secrets";

export interface IdentityArgs {
  /** The workload's name. */
  readonly name: string;
  /** Account id, 6 to 30 characters. */
  readonly account: string;
  /** The only secrets that it may read. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
  /** The enabled APIs. */
  readonly apis: readonly pulumi.Resource[];
}

/** A workload's identity. */
export interface Identity {
  readonly account: gcp.serviceaccount.Account;
  /** Resources that the workload depends on. */
  readonly access: readonly pulumi.Resource[];
}

/** Declares the workload's own account, which may read the workload's secrets. */
export function identityOf(
  { name, account: accountId, secrets, apis }: IdentityArgs,
  parent: pulumi.Resource,
): Identity {
  const account = new gcp.serviceaccount.Account(
    accountId,
    { accountId, displayName: `Runtime identity of ${name}` },
    { parent, dependsOn: [...apis] },
  );
  const access = Object.values(secrets).map(
    ({ secretId, ready }) =>
      new gcp.secretmanager.SecretIamMember(
        `${name}-reads-${secretId}`,
        { secretId, role: "roles/secretmanager.secretAccessor", member: account.member },
        // The id is a plain text, so only an explicit dependency makes the engine create the secret first.
        { parent, dependsOn: [ready] },
      ),
  );
  return { account, access };
}
