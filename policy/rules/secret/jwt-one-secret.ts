import { problem } from "../../../capacity/problem";
import { UnknownAtPreviewError } from "../../framework/inputs";
import { type StackResource, stackRule } from "../../framework/rule";
import { ofTypes } from "../../framework/stack-resources";
import {
  isSameVersion,
  type MountedSecret,
  mountedSecrets,
  type SecretVersionName,
  secretVersionOf,
  versionName,
} from "../../resources/secret-reference";
import { secretSourceOf, WORKLOAD_TYPES, workloadOf } from "../../resources/workload";

const JWT = "JWT_SECRET_KEY";

interface Taken extends SecretVersionName {
  readonly resource: StackResource;
  readonly label: string;
  readonly setting: string;
}

export const jwtOneSecret = stackRule({
  name: "jwt-one-secret",
  info: `Every workload takes ${JWT} from one secret at one version, as a variable or as a file.`,
  why: "A service refuses tokens that another service has signed with another key.",
  severity: "critical",
  convention: "part",
  remediation: `Point ${JWT} of every workload at the same secret and the same version number.`,
  judge(resources, { refuse, convention, attempt }) {
    const taken: Taken[] = [];
    const files: (Taken & Pick<MountedSecret, "path">)[] = [];
    for (const resource of ofTypes(resources, ...WORKLOAD_TYPES))
      attempt(resource, () => {
        const workload = workloadOf(resource);
        if (!workload) return;
        for (const variable of workload.containers.flatMap(({ variables }) => variables))
          if (variable.name === JWT)
            attempt(resource, () => {
              const source = secretSourceOf(variable);
              // An output is the number of a version that the program creates: all workloads may use it.
              if (source?.reference.isUnknown(source.versionKey))
                return convention.cannotEvaluate(notKnown(source.reference.at(source.versionKey)), resource);
              const version = secretVersionOf(workload, variable);
              // `service-no-literal-secrets` refuses literals.
              if (version) taken.push({ ...version, resource, label: workload.label, setting: variable.setting });
            });
        for (const { setting, path, secret, version = "latest", isOutput } of mountedSecrets(workload))
          if (isOutput && path === JWT) convention.cannotEvaluate(notKnown(setting), resource);
          else if (secret && !isOutput)
            files.push({
              ...versionName(workload, { secret, version }, setting),
              resource,
              label: workload.label,
              setting,
              path,
            });
      });
    // A file may have any name: its own or its secret's name shows that it contains the key.
    taken.push(...files.filter(({ path, secret }) => path === JWT || taken.some((other) => other.secret === secret)));
    // The most frequent choice is the reference, version numbers first; in a tie the first workload's.
    const agreeing = (one: Taken) =>
      taken.filter((other) => isSameVersion(one, other)).length + (isNumber(one.version) ? taken.length : 0);
    const agreement = new Map(taken.map((one) => [one, agreeing(one)]));
    const [usual] = taken.toSorted((a, b) => (agreement.get(b) ?? 0) - (agreement.get(a) ?? 0));
    // In other programs each service may have its own key, but two versions of one key are always a fault.
    for (const other of taken)
      if (usual && !isSameVersion(usual, other))
        (usual.secret === other.secret ? refuse : convention.refuse)(
          problem({
            setting: other.setting,
            value: versionPath(other),
            must: `be what ${usual.label} uses (${versionPath(usual)})`,
            because: "a token that one service signs must verify in every other",
            fix: versionPath(usual),
          }),
          other.resource,
        );
  },
});

const notKnown = (path: string) => new UnknownAtPreviewError(path).sentence;

/** Names, not values; a version that is not a number may contain anything. */
const versionPath = ({ project, secret, version }: SecretVersionName) =>
  `${project ? `projects/${project}/secrets/` : ""}${secret}, version ${isNumber(version) || version === "latest" ? version : "not a number"}`;
const isNumber = (version: string) => /^\d+$/.test(version);
