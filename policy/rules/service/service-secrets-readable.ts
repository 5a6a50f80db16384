import { type Problem, problem } from "../../../capacity/problem";
import { type StackResource, stackRule } from "../../framework/rule";
import { ofTypes } from "../../framework/stack-resources";
import { lacksReader } from "../../resources/secret-grants";
import { disabledVersion, type UsedSecret, usedSecrets } from "../../resources/used-secrets";
import { WORKLOAD_TYPES, type Workload, workloadOf } from "../../resources/workload";

export const serviceSecretsReadable = stackRule({
  name: "service-secrets-readable",
  info: "A workload can read every secret of the stack that it uses: the version is enabled, and the workload's account has a role that reads it.",
  why: "No preview compares workloads with their secrets; Google refuses the deploy, and no instance starts.",
  severity: "high",
  remediation:
    "Grant roles/secretmanager.secretAccessor on the secret to the workload's service account, and use an enabled version.",
  judge(resources, { refuse, attempt }) {
    for (const resource of ofTypes(resources, ...WORKLOAD_TYPES))
      attempt(resource, () => {
        const workload = workloadOf(resource);
        if (!workload) return;
        const account = accountOf(workload);
        const unreadable = new Set<string>();
        for (const taken of usedSecrets(workload, resources)) {
          const version = disabledVersion(resource, taken, resources);
          if (version) refuse(disabled(taken, version), resource);
          // A program that grants nothing to the account and nothing on the secret does so elsewhere.
          if (!account || unreadable.has(taken.secret) || !lacksReader(taken, account, resources)) continue;
          unreadable.add(taken.secret);
          refuse(withoutReader(taken, account), resource);
        }
      });
  },
});

/** `undefined`: a default account, or one that is unknown at preview. */
function accountOf({ kind, pod }: Workload): string | undefined {
  return pod.knownOnly().text(kind === "v1 service" ? "serviceAccountName" : "serviceAccount") || undefined;
}

const disabled = ({ setting, version }: UsedSecret, { name }: StackResource): Problem =>
  problem({
    setting,
    value: version,
    must: "be the number of an enabled version",
    because: `the program disables ${name}, and no instance that uses it starts`,
    fix: `an enabled version's number, or 'enabled' of ${name} to true`,
  });

const withoutReader = ({ setting, secret }: UsedSecret, account: string): Problem =>
  problem({
    setting: setting.replace(/(\.items\[\d+\])?\.(version|key)$/, ""),
    value: secret,
    must: `be a secret that ${account} may read`,
    because:
      "the program grants this account no role on it with secretmanager.versions.access, and Cloud Run refuses the deploy",
    instead: `grant the account roles/secretmanager.secretAccessor on ${secret} with gcp.secretmanager.SecretIamMember`,
  });
