import { MalformedValueError } from "./inputs";
import { mayBeSameProject, projectOf } from "./place";
import { revisionAnnotations, secretOf, type Variable, type Workload } from "./workload";

/** A version of a secret, named without regard to the form in which a program wrote it. */
export interface SecretVersionName {
  /** The project's id or number; absent where neither the program nor a preview says. */
  readonly project: string | undefined;
  readonly secret: string;
  readonly version: string;
}

/**
 * The secret version that a variable is taken from; `undefined`: it is a literal. `jwt` and `projects/p/secrets/jwt` are
 * one secret to a workload of project p. Throws where secret or version is missing.
 */
export function secretVersionOf(workload: Workload, variable: Variable): SecretVersionName | undefined {
  const reference = secretOf(variable);
  if (!reference) return undefined;
  const { secret, version } = reference;
  const [, stated, id] = /^(?:.*projects\/([^/]+)\/secrets\/)?([^/]+)$/.exec(aliased(workload, secret ?? "")) ?? [];
  if (!id || !version)
    throw new MalformedValueError(`${variable.setting} must name a secret, by its id or as projects/<project>/secrets/<id>, and a version's number`);
  return { project: stated || projectOf(workload.resource), secret: id, version };
}

/** Whether both may name the same version. */
export function isSameVersion(a: SecretVersionName, b: SecretVersionName): boolean {
  return a.secret === b.secret && a.version === b.version && mayBeSameProject(a.project, b.project);
}

/** A v1 service names secrets of other projects in an annotation: `alias:projects/p/secrets/jwt,...`. */
function aliased(workload: Workload, secret: string): string {
  if (workload.kind !== "v1 service") return secret;
  const aliases = (revisionAnnotations(workload).text("run.googleapis.com/secrets") ?? "").split(",").map((entry) => entry.trim().split(":"));
  return aliases.find(([alias]) => alias === secret)?.[1] ?? secret;
}
