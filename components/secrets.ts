import { createHash } from "node:crypto";
import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { secretValueProblems } from "../capacity/constraints/secret-value";

/** A password and the rotation that made it. */
interface RotatedPassword {
  readonly rotation: number;
  readonly value: pulumi.Input<string>;
}

export interface SecretArgs {
  readonly id: string;
  /** The version that services use. */
  readonly version: number;
  /** The number of times the stack has generated the value. Default: people add the value. */
  readonly rotation?: number | undefined;
  /** Default: `text`, 48 letters and digits. */
  readonly format?: "text" | "fernet" | "database-password" | "database-admin-password" | "redis-auth" | undefined;
  /**
   * The last rotation whose version is disabled. The version leaves the program, and the engine disables it at the end
   * of the update, after the last service has rolled over. It cannot return to the program; to use it again, enable it
   * manually. Default: none.
   */
  readonly disabledThroughRotation?: number | undefined;
}

export interface SecretsArgs {
  /** By the variable that contains the secret. */
  readonly secrets: Readonly<Record<string, SecretArgs>>;
  /** The value of `redis-auth` secrets. */
  readonly redisAuth: pulumi.Input<string>;
  readonly labels: Readonly<Record<string, string>>;
  /** The enabled APIs. */
  readonly waitsFor: readonly pulumi.Resource[];
}

/**
 * The passwords of a kind of database users that must be valid now, the current one last, and the current one's
 * location.
 */
export interface DatabaseCredential {
  readonly passwords: readonly RotatedPassword[];
  readonly reference: SecretReference;
}

/** A reference to a secret. Plain values, so that rules can compare them at preview. */
export interface SecretReference {
  readonly secretId: string;
  readonly version: string;
  /** Services that use the secret depend on it; it fails if Google numbered the version differently. */
  readonly ready: pulumi.Input<pulumi.Resource>;
}

/**
 * The secrets of the environment. The stack generates those that it owns, one version per rotation; earlier versions
 * stay until `disabledThroughRotation` disables them. People add the values of the others.
 * Cost: 0.06 USD a month per active version.
 */
export class Secrets extends pulumi.ComponentResource {
  readonly references: Readonly<Record<string, SecretReference>>;
  /** Of the services' database users; absent if no secret has the format `database-password`. */
  readonly databaseLogin: DatabaseCredential | undefined;
  /** Of the user that sets up the database's roles; absent if no secret has the format `database-admin-password`. */
  readonly databaseAdmin: DatabaseCredential | undefined;

  constructor(name: string, args: SecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("netra:staging:Secrets", name, {}, opts);
    const credentials = new Map<SecretArgs["format"], DatabaseCredential>();
    this.references = Object.fromEntries(
      Object.entries(args.secrets).map(([variable, secret]) => {
        const container = new gcp.secretmanager.Secret(
          secret.id,
          { secretId: secret.id, replication: { auto: {} }, labels: { ...args.labels }, deletionProtection: true },
          { parent: this, protect: true, dependsOn: [...args.waitsFor] },
        );
        const values = this.rotations(secret, args.redisAuth);
        let last: pulumi.Input<pulumi.Resource> = container;
        // One after another: Secret Manager numbers versions in the order of creation.
        for (const { rotation, value } of values)
          last = this.addVersion(variable, secret, container, rotation, value, last);
        const reference = { secretId: secret.id, version: String(secret.version), ready: last };
        // Two users alternate: a third password would replace the current one's.
        credentials.set(secret.format, { passwords: values.slice(-2), reference });
        return [variable, reference];
      }),
    );
    this.databaseLogin = credentials.get("database-password");
    this.databaseAdmin = credentials.get("database-admin-password");
    this.registerOutputs({});
  }

  /** The references of a service's secrets, by variable. */
  mountedBy({ secrets }: { readonly secrets: readonly string[] }): Readonly<Record<string, SecretReference>> {
    return Object.fromEntries(Object.entries(this.references).filter(([variable]) => secrets.includes(variable)));
  }

  /**
   * The values of all rotations that are not disabled. Redis has one AUTH string, so only its current rotation is
   * written.
   */
  private rotations(
    secret: SecretArgs,
    redisAuth: pulumi.Input<string>,
  ): { rotation: number; value: pulumi.Output<string> }[] {
    const count = secret.rotation ?? 0;
    if (secret.format === "redis-auth") return count > 0 ? [{ rotation: count, value: pulumi.secret(redisAuth) }] : [];
    const disabled = secret.disabledThroughRotation ?? 0;
    return Array.from({ length: count - disabled }, (_, i) => disabled + i + 1).map((rotation) => ({
      rotation,
      value: this.generate(secret, rotation),
    }));
  }

  private generate(secret: SecretArgs, rotation: number): pulumi.Output<string> {
    // Not RandomBytes: its id is its value, and ids are in plain text in the state (pulumi/pulumi#8946).
    const { result } = new random.RandomPassword(
      `${secret.id}-r${rotation}`,
      { length: 48, special: false },
      { parent: this },
    );
    // A Fernet key is 32 bytes in URL-safe base64 with padding.
    return secret.format === "fernet"
      ? result.apply((text) => `${createHash("sha256").update(text).digest("base64url")}=`)
      : result;
  }

  private addVersion(
    variable: string,
    secret: SecretArgs,
    container: gcp.secretmanager.Secret,
    rotation: number,
    value: pulumi.Output<string>,
    before: pulumi.Input<pulumi.Resource>,
  ): pulumi.Output<pulumi.Resource> {
    const version = new gcp.secretmanager.SecretVersion(
      // Named for the rotation: Google assigns the number, and a correction in the configuration must not create
      // another version.
      `${secret.id}-r${rotation}`,
      {
        secret: container.id,
        // Google generates Redis' AUTH string, which is not a key; all others are ours and must be as long as keys.
        secretData: value.apply((data) => sound(secret.id, data, secret.format === "redis-auth" ? "opaque" : "key")),
        enabled: true,
        // A version that leaves the program is disabled, not destroyed: a traffic rollback may still need it.
        deletionPolicy: "DISABLE",
      },
      { parent: this, dependsOn: [before] },
    );
    return version.version.apply((number) => {
      const laterRotations = (secret.rotation ?? rotation) - rotation;
      const expected = secret.version - laterRotations;
      if (number !== String(expected))
        throw new pulumi.RunError(
          `'netra:secrets.${variable}.version' (${secret.version}) must be ${Number(number) + laterRotations} because Secret Manager called the version of rotation ${rotation} ${number}; set 'netra:secrets.${variable}.version' to ${Number(number) + laterRotations} before services mount it`,
        );
      return version;
    });
  }
}

function sound(id: string, data: string, kind: "key" | "opaque"): string {
  const problems = secretValueProblems(id, data, kind);
  if (problems.length > 0) throw new pulumi.RunError(problems.map(({ message }) => message).join("\n"));
  return data;
}
