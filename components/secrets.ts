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
  /** The version that services mount. */
  readonly version: number;
  /** How often the stack has generated the value. Default: people add it. */
  readonly rotation?: number | undefined;
  /** Default: `text`, 48 letters and digits. */
  readonly format?: "text" | "fernet" | "database-password" | "database-admin-password" | "redis-auth" | undefined;
  /**
   * The last rotation whose version is disabled: it leaves the program, which the engine carries out at the very end of
   * an update, when the last service has rolled over. It cannot come back; re-enable it by hand if need be. Default:
   * none.
   */
  readonly disabledThroughRotation?: number | undefined;
}

export interface SecretsArgs {
  /** By the name of the variable that carries the secret. */
  readonly secrets: Readonly<Record<string, SecretArgs>>;
  /** The value of `redis-auth` secrets. */
  readonly redisAuth: pulumi.Input<string>;
  readonly labels: Readonly<Record<string, string>>;
  /** The enabled APIs. */
  readonly waitsFor: readonly pulumi.Resource[];
}

/**
 * The passwords of a kind of database users that must be valid now, the current one last, and where that one stands.
 */
export interface DatabaseCredential {
  readonly passwords: readonly RotatedPassword[];
  readonly reference: SecretReference;
}

/** A secret as a service mounts it: plain values, so that policies can compare them at preview. */
export interface SecretReference {
  readonly secretId: string;
  readonly version: string;
  /** What a service that mounts it must wait for; fails when the cloud numbered the version differently. */
  readonly ready: pulumi.Input<pulumi.Resource>;
}

/**
 * The secrets of the environment. Those the stack owns are generated, one version per rotation; earlier versions stay
 * until `disabledThroughRotation` disables them. The others are containers whose values people add.
 * Cost: 0.06 USD a month per active version.
 */
export class Secrets extends pulumi.ComponentResource {
  readonly references: Readonly<Record<string, SecretReference>>;
  /** Of the users that services log in as; absent where no secret has the format `database-password`. */
  readonly databaseLogin: DatabaseCredential | undefined;
  /** Of the user that sets up the database's roles; absent where no secret has the format `database-admin-password`. */
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
        // One after another: Secret Manager numbers versions in the order in which they come.
        for (const { rotation, value } of values)
          last = this.addVersion(variable, secret, container, rotation, value, last);
        const reference = { secretId: secret.id, version: String(secret.version), ready: last };
        // Two users alternate: a third password would take that of the current one's.
        credentials.set(secret.format, { passwords: values.slice(-2), reference });
        return [variable, reference];
      }),
    );
    this.databaseLogin = credentials.get("database-password");
    this.databaseAdmin = credentials.get("database-admin-password");
    this.registerOutputs({});
  }

  /** The references of what a service mounts, by variable. */
  mountedBy({ secrets }: { readonly secrets: readonly string[] }): Readonly<Record<string, SecretReference>> {
    return Object.fromEntries(Object.entries(this.references).filter(([variable]) => secrets.includes(variable)));
  }

  /**
   * The value of every rotation that is not disabled; Redis has one AUTH string, so only its current rotation is
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
    // No RandomBytes: its id is its value, and ids stand in the state in plain text (pulumi/pulumi#8946).
    const { result } = new random.RandomPassword(
      `${secret.id}-r${rotation}`,
      { length: 48, special: false },
      { parent: this },
    );
    // A Fernet key is 32 bytes in URL-safe base64, padding included.
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
      // Named for the rotation: the number is the cloud's, and correcting it in the configuration must not make another
      // one.
      `${secret.id}-r${rotation}`,
      {
        secret: container.id,
        // Google makes Redis' string, which is no key; all others are ours and as long as keys must be.
        secretData: value.apply((data) => sound(secret.id, data, secret.format === "redis-auth" ? "opaque" : "key")),
        enabled: true,
        // A version that leaves the program is disabled, not destroyed: a traffic rollback may still want it.
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
