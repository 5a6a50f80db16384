import { MalformedValueError } from "../framework/inputs";
import { mayBeSameProject, namedBy } from "./cloud-name";
import { revisionAnnotations, type SecretReference, secretOf, type Variable, type Workload } from "./workload";

/** A version of a secret, independent of the form in which a program wrote it. */
export interface SecretVersionName {
  /** The project's id or number; absent if it is unknown. */
  readonly project: string | undefined;
  readonly secret: string;
  readonly version: string;
}

/**
 * The secret version of a variable; `undefined`: it is a literal. `jwt` and `projects/p/secrets/jwt` are the same
 * secret to a workload of project p. Throws if secret or version is missing.
 */
export function secretVersionOf(workload: Workload, variable: Variable): SecretVersionName | undefined {
  const reference = secretOf(variable);
  return reference && versionName(workload, reference, variable.setting);
}

/** A secret that is mounted as a file. */
export interface MountedSecret extends SecretReference {
  /** The setting that states its version. */
  readonly setting: string;
  /** The file's name; undefined without items: then the whole secret is mounted at its latest version. */
  readonly path: string | undefined;
  /** The name of the volume that containers mount. */
  readonly volume: string | undefined;
  /**
   * Whether the version is unknown at preview: an output, which is the number of a version that the program creates.
   */
  readonly isOutput: boolean;
}

export function mountedSecrets({ kind, pod }: Workload): MountedSecret[] {
  const [secretKey, versionKey] = kind === "v1 service" ? ["secretName", "key"] : ["secret", "version"];
  return pod.list("volumes").flatMap((volume) => {
    if (!volume.has("secret")) return [];
    const inputs = volume.object("secret");
    const secret = inputs.isUnknown(secretKey) ? undefined : inputs.text(secretKey);
    const name = volume.text("name");
    const items = inputs.list("items");
    if (items.length === 0)
      return [
        {
          setting: `${inputs.at("items")}[0].${versionKey}`,
          secret,
          version: undefined,
          path: undefined,
          volume: name,
          isOutput: false,
        },
      ];
    return items.map((item) => {
      const isOutput = item.isUnknown(versionKey);
      const version = isOutput ? undefined : item.textOrNumber(versionKey);
      return { setting: item.at(versionKey), secret, version, path: item.text("path"), volume: name, isOutput };
    });
  });
}

/** Throws if secret or version is missing. */
export function versionName(
  workload: Workload,
  { secret, version }: SecretReference,
  setting: string,
): SecretVersionName {
  const named = namedBy(workload.resource, aliased(workload, secret ?? ""), "secrets");
  if (named?.collection !== "secrets" || !version)
    throw new MalformedValueError(
      `${setting} must name a secret, by its id or as projects/<project>/secrets/<id>, and a version's number`,
    );
  return { project: named.project, secret: named.name, version };
}

/** Whether both may name the same version. */
export function isSameVersion(a: SecretVersionName, b: SecretVersionName): boolean {
  return a.secret === b.secret && a.version === b.version && mayBeSameProject(a.project, b.project);
}

/** A v1 service names secrets of other projects in an annotation: `alias:projects/p/secrets/jwt,...`. */
function aliased(workload: Workload, secret: string): string {
  if (workload.kind !== "v1 service") return secret;
  const aliases = (revisionAnnotations(workload).text("run.googleapis.com/secrets") ?? "")
    .split(",")
    .map((entry) => entry.trim().split(":"));
  return aliases.find(([alias]) => alias === secret)?.[1] ?? secret;
}
