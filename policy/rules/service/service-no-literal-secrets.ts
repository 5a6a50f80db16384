import { problem } from "../../../capacity/problem";
import { isSecret, isSecretName } from "../../../capacity/secrecy";
import { resourceRule } from "../../framework/rule";
import { WORKLOAD_TYPES, workloadOf } from "../../resources/workload";

/** Names of connection strings, which may contain a password. */
const CONNECTION_NAME =
  /(DATABASE|DB|POSTGRES(QL)?|PG|SQL|REDIS|CACHE|BROKER|AMQP|MONGO(DB)?|CLICKHOUSE)_(URL|URI|DSN)$/i;

export const serviceNoLiteralSecrets = resourceRule({
  name: "service-no-literal-secrets",
  info: "A workload reads every secret from Secret Manager.",
  why: "A literal is in clear text in the state, in every revision and in the console, for everyone who may read the service.",
  severity: "critical",
  remediation:
    "Put the value into Secret Manager and set valueSource.secretKeyRef (v1: valueFrom.secretKeyRef) with its version.",
  types: WORKLOAD_TYPES,
  judge(resource, { refuse, cannotEvaluate, attempt }) {
    const fix = "a secretKeyRef with the secret and its version";
    const must = "be taken from Secret Manager";
    for (const container of workloadOf(resource)?.containers ?? [])
      for (const { name, setting, inputs } of attempt(() => container.variables) ?? [])
        attempt(() => {
          if (!inputs.isUnknown("value")) {
            if (isSecret(name, inputs.text("value") ?? ""))
              refuse(problem({ setting, value: "not shown", must, because: "a literal is stored in clear text", fix }));
          } else if (isSecretName(name))
            refuse(
              problem({
                setting,
                value: "not known at preview",
                must,
                because: "its value is stored in clear text",
                fix,
              }),
            );
          else if (CONNECTION_NAME.test(name))
            cannotEvaluate(
              `'${setting}' is not known at preview and may carry a password; set '${setting}' to ${fix}, or give its parts in variables of their own`,
            );
        });
  },
});
