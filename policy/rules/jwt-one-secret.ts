import { problem } from "../../capacity/problem";
import { type StackResource, stackRule } from "../rule";
import { isSameVersion, type SecretVersionName, secretVersionOf } from "../secret-reference";
import { WORKLOAD_TYPES, workloadOf } from "../workload";

const JWT = "JWT_SECRET_KEY";

interface Taken extends SecretVersionName {
  readonly resource: StackResource;
  readonly label: string;
  readonly setting: string;
}

export const jwtOneSecret = stackRule({
  name: "jwt-one-secret",
  info: `Every workload takes ${JWT} from one secret at one version.`,
  why: "A token that one service signs is refused by a service that holds another key.",
  severity: "critical",
  remediation: `Point ${JWT} of every workload at the same secret and the same version number.`,
  judge(resources, { refuse, attempt }) {
    const taken: Taken[] = [];
    for (const resource of resources.filter(({ type }) => WORKLOAD_TYPES.includes(type)))
      attempt(resource, () => {
        const workload = workloadOf(resource);
        for (const variable of workload?.containers.flatMap(({ variables }) => variables) ?? [])
          if (workload && variable.name === JWT)
            attempt(resource, () => {
              const version = secretVersionOf(workload, variable);
              // A literal is refused by `service-no-literal-secrets`.
              if (version) taken.push({ ...version, resource, label: workload.label, setting: variable.setting });
            });
      });
    // What most of them take is what the others should; the first one's where they are equally many.
    const agreeing = (one: Taken) => taken.filter((other) => isSameVersion(one, other)).length;
    const [usual] = taken.toSorted((a, b) => agreeing(b) - agreeing(a));
    for (const other of taken)
      if (usual && !isSameVersion(usual, other))
        refuse(
          problem({
            setting: other.setting,
            value: shown(other),
            must: `be what ${usual.label} takes (${shown(usual)})`,
            because: "a token that one service signs must verify in every other",
            fix: shown(usual),
          }),
          other.resource,
        );
  },
});

/** Names, not values; a version that is no number could be anything. */
const shown = ({ project, secret, version }: SecretVersionName) =>
  `${project ? `projects/${project}/secrets/` : ""}${secret}, version ${/^(\d+|latest)$/.test(version) ? version : "not a number"}`;
