import { problem } from "../../../capacity/problem";
import { resourceRule } from "../../framework/rule";
import { type Variable, WORKLOAD_TYPES, workloadOf } from "../../resources/workload";

/** A name whose last word denotes a secret, before an optional environment, number or age. */
const SECRET_NAME =
  /(SECRETS?|PASSWORDS?|PASSWD|PASSPHRASE|_PASS|_PWD|TOKEN|API_?KEYS?|CREDENTIALS?|_KEY)(_(BASE|BASE64|B64|PEM|JSON|STAGING|STAGE|PROD|PRODUCTION|DEV|DEVELOPMENT|TEST|OLD|NEW|CURRENT|PREVIOUS|PRIMARY|SECONDARY|V?\d+))*$/i;
/** Keys that are public: those of a key pair, and all that Next.js puts into the page. */
const PUBLIC_NAME = /PUBLI(C|SHABLE)_KEY$|^NEXT_PUBLIC_/i;
/** Names of connection strings, which may contain a password. */
const CONNECTION_NAME =
  /(DATABASE|DB|POSTGRES(QL)?|PG|SQL|REDIS|CACHE|BROKER|AMQP|MONGO(DB)?|CLICKHOUSE)_(URL|URI|DSN)$/i;
/** A password in a URL or a connection string, or a private key: a secret under any name. */
const SECRET_VALUE =
  /:\/\/[^\s/?#@]*:(?!\d+[/?#])[^\s@]+@|(^|[\s;?&])(password|pwd)=[^\s;&]|-----BEGIN [A-Z ]*PRIVATE KEY-----|"private_key"\s*:/i;
/** Tokens of well-known issuers, by their prefix: GitHub, Slack, Stripe, AWS, and signed JSON web tokens. */
const ISSUED_TOKEN =
  /\b(gh[pousr]_\w{30,}|github_pat_\w{30,}|xox[abeprs]-[\w-]{10,}|[rs]k_(live|test)_\w{10,}|AKIA[0-9A-Z]{16}|eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+)/;
/** A switch or a path beside a secret: `REQUIRE_TOKEN=true`, `GOOGLE_APPLICATION_CREDENTIALS=/secrets/key.json`. */
const HARMLESS = /^(true|false)$/i;
const PATH_TO_CREDENTIALS = /^\/[\w./-]+$/;

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
      for (const variable of attempt(() => container.variables) ?? [])
        attempt(() => {
          const { name, setting, inputs } = variable;
          const isSecret = SECRET_NAME.test(name) && !PUBLIC_NAME.test(name);
          if (!inputs.isUnknown("value")) {
            if (holdsSecret(variable, isSecret))
              refuse(problem({ setting, value: "not shown", must, because: "a literal is stored in clear text", fix }));
          } else if (isSecret)
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

function holdsSecret({ name, inputs }: Variable, isSecret: boolean): boolean {
  const value = inputs.text("value")?.trim() ?? "";
  if (SECRET_VALUE.test(value) || ISSUED_TOKEN.test(value)) return true;
  if (!isSecret || value === "" || HARMLESS.test(value)) return false;
  return !(/CREDENTIALS$/i.test(name) && PATH_TO_CREDENTIALS.test(value));
}
