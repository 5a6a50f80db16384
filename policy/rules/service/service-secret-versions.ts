import { problem } from "../../../capacity/problem";
import { resourceRule } from "../../framework/rule";
import { mountedSecrets } from "../../resources/secret-reference";
import { secretSourceOf, WORKLOAD_TYPES, workloadOf } from "../../resources/workload";

/** The only name of a version that is not its number. */
const LATEST = "latest";

export const serviceSecretVersions = resourceRule({
  name: "service-secret-versions",
  info: "Every secret that a workload uses is pinned to a version number.",
  why: "With latest, two instances of one revision may hold different secrets, and a rotation takes effect at the next cold start instead of at a rollout.",
  severity: "high",
  remediation:
    "Set secretKeyRef.version (v1: key) to the number of the version, or to the output of a version that the program creates.",
  types: WORKLOAD_TYPES,
  judge(resource, { refuse, attempt }) {
    const workload = workloadOf(resource);
    if (!workload) return;
    const judge = (setting: string, version: string | undefined) => {
      if (version !== undefined && /^[1-9]\d*$/.test(version)) return;
      refuse(
        problem({
          setting,
          value:
            version === undefined || version === "" || version === LATEST || version === "0" ? version : "no number",
          must: "be the number of a version",
          because: "anything else resolves to another secret at every start, or to none",
          fix: 'a version\'s number such as "1"',
        }),
      );
    };
    for (const container of workload.containers)
      for (const variable of attempt(() => container.variables) ?? [])
        attempt(() => {
          const source = secretSourceOf(variable);
          // An output is the number of a version that the program creates. This rule reads the number itself before the
          // workload is created.
          if (source && !source.reference.isUnknown(source.versionKey))
            judge(`${source.setting}.${source.versionKey}`, source.reference.textOrNumber(source.versionKey));
        });
    attempt(() => {
      for (const { setting, version, isOutput } of mountedSecrets(workload)) if (!isOutput) judge(setting, version);
    });
  },
});
