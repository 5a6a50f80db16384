/*
 * What is a secret by its name or by its form, and what is shown in its place. The rule that refuses literal secrets,
 * messages and reports share it, so that nothing prints what the rule refuses.
 */

/** Shown in the place of a secret. The engine writes the same. */
export const MASK = "[secret]";

/** A name whose last word denotes a secret, before an optional environment, number or age. */
const SECRET_NAME =
  /(SECRETS?|PASSWORDS?|PASSWD|PASSPHRASE|_PASS|_PWD|TOKEN|API_?KEYS?|CREDENTIALS?|_KEY)(_(BASE|BASE64|B64|PEM|JSON|STAGING|STAGE|PROD|PRODUCTION|DEV|DEVELOPMENT|TEST|OLD|NEW|CURRENT|PREVIOUS|PRIMARY|SECONDARY|V?\d+))*$/i;
/** Keys that are public: those of a key pair, and all that Next.js puts into the page. */
const PUBLIC_NAME = /PUBLI(C|SHABLE)_KEY$|^NEXT_PUBLIC_/i;
/** Variables that may hold a secret: not refused, and not shown. */
const CONFIDENTIAL_VARIABLE = /^(?=[A-Z0-9_]*(SECRET|TOKEN|PASS|PWD|CREDENTIAL|KEY|DSN|AUTH))[A-Z][A-Z0-9_]*$/;
/** Properties of resources, which end in a word for a secret without being the name of one: `secret: projects/...`. */
const SECRET_PROPERTY =
  /^(?!secrets?$).*(secret|secretData|password|passwd|passphrase|authString|(auth|access|refresh|bearer|api)Token|(private|secret|access|api|auth|service|account|signing|encryption)Key|credentials?)$/i;
/** A switch or a path beside a secret: `REQUIRE_TOKEN=true`, `GOOGLE_APPLICATION_CREDENTIALS=/secrets/key.json`. */
const SWITCH = /^(true|false)$/i;
const PATH_TO_CREDENTIALS = /^\/[\w./-]+$/;

/** A password in a URL or a connection string, or a private key: a secret under any name. */
const SECRET_VALUE =
  /:\/\/[^\s/?#@]*:(?!\d+[/?#])[^\s@]+@|(^|[\s;?&])(password|pwd)=[^\s;&]|-----BEGIN [A-Z ]*PRIVATE KEY-----|"private_key"\s*:/i;
/** Tokens of well-known issuers, by their prefix: GitHub, Slack, Stripe, AWS, and signed JSON web tokens. */
const ISSUED_TOKEN =
  /\b(gh[pousr]_\w{30,}|github_pat_\w{30,}|xox[abeprs]-[\w-]{10,}|[rs]k_(live|test)_\w{10,}|AKIA[0-9A-Z]{16}|eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+)/;

export const isSecretName = (name: string): boolean => SECRET_NAME.test(name) && !PUBLIC_NAME.test(name);

/** Whether a variable's value is a secret: by its form under any name, or by its name. */
export function isSecret(name: string, stated: string): boolean {
  const value = stated.trim();
  if (SECRET_VALUE.test(value) || ISSUED_TOKEN.test(value)) return true;
  if (!isSecretName(name) || value === "" || SWITCH.test(value)) return false;
  return !(/CREDENTIALS$/i.test(name) && PATH_TO_CREDENTIALS.test(value));
}

/** The forms of secrets within a text, and what is shown instead. More than the rule refuses: a doubt hides. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----/gs, MASK],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----(?:(?:\\[nr]|\s)*[A-Za-z0-9+/=]{12,})*/g, MASK],
  // What ends in @ before the host; a password may have slashes, a port is none.
  [/:\/\/(?:[^\s/?#@"'`<>\\]+|[^\s/?#@"'`<>\\]*:(?!\d+[/?#])[^\s@"'`<>\\]+)@/g, `://${MASK}@`],
  [/(?<=(?:^|[\s;?&"'])(?:password|pwd|AccountKey|SharedAccessKey)=)[^\s;&"'`]+/gi, MASK],
  // Anything may be a secret in a query, but for what this project's own links and requests say.
  [/(?<=(?:[?&]|&amp;)(?!(?:project|port|address|filter|page\w*)=)[\w.-]+=)[^\s&#"'`)|<>\\]+/g, MASK],
  [/(?<=\b(?:Bearer|Basic) )[\w+/.~-]{16,}=*/g, MASK],
  [new RegExp(ISSUED_TOKEN, "g"), MASK],
  // Google, Google OAuth, OpenAI and Anthropic, GitLab, npm, SendGrid, AWS for a session, Pulumi, a webhook of Slack.
  [
    /(?<![\w-])(?:AIza[\w-]{35}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}|sk-[\w-]{20,}|glpat-[\w-]{20,}|npm_\w{36}|SG\.[\w-]{16,}\.[\w-]{16,}|ASIA[0-9A-Z]{16}|pul-[0-9a-f]{40})/g,
    MASK,
  ],
  [/(?<=hooks\.slack\.com\/services\/)[\w/]+/g, MASK],
];

/** A text for people or another program, without the secrets in it that have a known form. */
export const maskedText = (text: string): string =>
  FORMS.reduce((masked, [form, instead]) => masked.replaceAll(form, instead), text);

/** What the engine puts in the place of a text that a preview cannot know (policy/framework/unknown.ts): no secret. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** What stands for a value instead of showing it; no secret itself. */
const WORDS = new Set([
  UNKNOWN,
  "",
  "not set",
  "not shown",
  "empty",
  "a list",
  "a section",
  "not known yet",
  "not known at preview",
  "a value",
  MASK,
]);

/**
 * A value of any shape as it may be shown: texts that are secrets by name or by form are masked, and `secrets` wherever
 * they stand.
 */
export function masked<T>(value: T, secrets: readonly string[] = []): T {
  // The keys and most of the texts of a program's resources are the same ones.
  const known = new Map<string, string>();
  const mask = (text: string) => {
    const shown = known.get(text) ?? secrets.reduce((rest, secret) => rest.replaceAll(secret, MASK), maskedText(text));
    known.set(text, shown);
    return shown;
  };
  return maskedUnder("", value, mask) as T; // of the same shape
}

/** The value of one setting: `name` is a path that ends in it, as `template.containers[0].envs[API_KEY]`. */
export const maskedValue = (name: string, value: string): string => String(maskedUnder(name, value, maskedText));

function maskedUnder(name: string, value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === "string") return hides(name, value) ? MASK : withoutUser(name, mask(value));
  if (Array.isArray(value)) return value.map((item: unknown) => maskedUnder(name, item, mask));
  if (value === null || typeof value !== "object") return value;
  const label = NAMES.map((key): unknown => Reflect.get(value, key)).find((name) => typeof name === "string");
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => [
      mask(key),
      maskedUnder(key === "value" && label !== undefined ? String(label) : key, item, mask),
    ]),
  );
}

/** What names a `value` beside it: a variable, a flag, the evidence of a finding, the setting of a problem. */
const NAMES = ["name", "field", "setting", "key"];

const lastWord = (path: string) => /[\w-]+(?=\W*$)/.exec(path)?.[0] ?? "";

/** Where a secret is, as messages state it: its id and version. */
const REFERENCE = /^[\w/.-]+, version (\d+|latest|not a number)$/;

/** Whether the name alone hides a text. */
function hides(path: string, value: string): boolean {
  const name = lastWord(path);
  if (WORDS.has(value) || SWITCH.test(value) || REFERENCE.test(value)) return false;
  if (/^[a-z][a-zA-Z0-9]*$/.test(name)) return SECRET_PROPERTY.test(name);
  if (isSecretName(name)) return isSecret(name, value);
  return CONFIDENTIAL_VARIABLE.test(name) && !PUBLIC_NAME.test(name) && !/^-?\d+(\.\d+)?$/.test(value);
}

/** A host has no user. */
const withoutUser = (path: string, text: string): string =>
  /\b(hosts?|domains?)\b/i.test(path) ? text.replace(/^[^@]*(?=@)/, MASK) : text;
