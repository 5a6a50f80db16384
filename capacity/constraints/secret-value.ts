import { secretLimits } from "../limits";
import { type Problem, problem } from "../problem";

/** `key`: signs or encrypts, so its length is its strength; `opaque`: any other secret of an application. */
export type SecretKind = "key" | "opaque";

/** How a secret's value is called in a message: no message may carry it, nor its length. */
const HIDDEN = "not shown";

/** Whitespace and invisible characters (byte order mark, zero-width space, NUL), at either end. */
const SURROUNDED = /^[\s\p{Cc}\p{Cf}]|[\s\p{Cc}\p{Cf}]$/u;
const INVISIBLE = /^[\s\p{Cc}\p{Cf}]*$/u;

/**
 * Words that only a stand-in has, in the value's words joined by hyphens. Random values have no such words of their
 * own.
 */
const PLACEHOLDER_WORDS =
  /-(change-?(me|it|this)|replace-?(me|this|with)|fill-?me|fix-?me|place-?holder|todo|tbd|example|dummy|redacted|x{3,}|do-not-use|(insert|put|enter)-([a-z0-9]+-){1,4}here|your-[a-z].*)\d*-/;
const PLACEHOLDERS = /^(secret|my-?secret|password|passw0rd|sample|none|null|nil|undefined|n-a)$/;
/** `<api key>`, `${API_KEY}`, `{{ api_key }}`, `[secret]`: templates that were never filled in. */
const TEMPLATES = /^(<[^<>]*>|\$\{[^}]*\}|\{\{[^}]*\}\}|\[[\w -]*\])$/;
/** What JavaScript makes of an Output inside a text. */
export const STRINGIFIED_OUTPUT = "Calling [toString] on an [Output<T>]";

/**
 * A secret's value that no consumer can use: empty, with whitespace around it, a placeholder, or a key under 32
 * characters. `setting` names the value in messages, which never carry it.
 */
export function secretValueProblems(setting: string, value: string, kind: SecretKind): Problem[] {
  if (INVISIBLE.test(value))
    return [
      wrong(
        setting,
        "hold a value",
        "every consumer fails at the first use of an empty secret",
        "the secret's value, or leave the version out",
        "",
      ),
    ];
  const problems: Problem[] = [];
  if (SURROUNDED.test(value))
    problems.push(
      wrong(
        setting,
        "not begin or end with whitespace or an invisible character",
        "the consumer gets it as it stands, and a trailing newline breaks host names and signatures",
        "the same value without it",
      ),
    );
  if (isPlaceholder(value.trim()))
    problems.push(
      wrong(
        setting,
        "be no placeholder",
        "it protects nothing and the consumer fails or, worse, starts",
        "a generated value",
      ),
    );
  else if (kind === "key") problems.push(...keyLengthProblems(setting, value.trim().length));
  return problems;
}

/** The same for a value that is handed over in base64: its text is judged, or only the length where it is no text. */
export function encodedSecretProblems(setting: string, encoded: string, kind: SecretKind): Problem[] {
  if (!/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded))
    return [
      wrong(
        setting,
        "be base64",
        "'isSecretDataBase64' says so and Google decodes it",
        "the base64 of the value, without line breaks",
      ),
    ];
  const bytes = Buffer.from(encoded, "base64");
  const text = bytes.toString("utf8");
  // A random key of bytes may well begin with a space's or a newline's: only what is text throughout is judged as text.
  const isText = Buffer.from(text, "utf8").equals(bytes) && !/[^\P{Cc}\t\n\r]/u.test(text);
  if (isText) return secretValueProblems(setting, text, kind);
  return kind === "key" ? keyLengthProblems(setting, bytes.length) : [];
}

/**
 * Whether one of the names a secret goes by (its id, its resource's name) says that it is a key: `jwt-secret-staging`,
 * `SECRET_KEY`, `fernetKey`. What only accompanies a key (`jwt-issuer`, `hmac-key-id`) is none.
 */
export function secretKind(...names: readonly string[]): SecretKind {
  const isKey = names.some((name) => {
    const words = hyphenated(name.replace(/([a-z0-9])([A-Z])/g, "$1-$2"));
    return (
      /-(jwt|fernet|hmac|(secret|signing|encryption)-key)-/.test(words) &&
      !/-(id|issuer|audience|algorithm|alg|expiry|ttl|public)-/.test(words)
    );
  });
  return isKey ? "key" : "opaque";
}

function isPlaceholder(value: string): boolean {
  const words = hyphenated(value);
  // A port such as 8888 is a value; the same character over and over is otherwise none.
  const repeated = /^(.)\1{2,}$/s.test(value) && !/^\d{1,5}$/.test(value);
  return (
    repeated ||
    PLACEHOLDER_WORDS.test(words) ||
    PLACEHOLDERS.test(words.slice(1, -1)) ||
    TEMPLATES.test(value) ||
    value.includes(STRINGIFIED_OUTPUT)
  );
}

function keyLengthProblems(setting: string, length: number): Problem[] {
  const least = secretLimits.keyCharacters.value;
  if (length >= least) return [];
  return [
    wrong(
      setting,
      `have at least ${least} characters`,
      "it signs or encrypts, and a shorter key can be found by trying",
      `a random value of ${least} characters or more`,
    ),
  ];
}

/** The words of a text in lower case between hyphens: `Change_Me!` -> `-change-me-`. */
const hyphenated = (text: string) =>
  `-${
    text
      .toLowerCase()
      .match(/[a-z0-9]+/g)
      ?.join("-") ?? ""
  }-`;

const wrong = (setting: string, must: string, because: string, fix: string, value = HIDDEN) =>
  problem({ setting, value, must, because, fix });

/** An id that Secret Manager does not take. Never shown: a value may have got into the wrong field. */
export function secretIdProblems(id: string | undefined, setting = "secretId"): Problem[] {
  const most = secretLimits.idCharacters.value;
  if (id && id.length <= most && /^[\w-]+$/.test(id)) return [];
  return [
    problem({
      setting,
      value: id ? HIDDEN : id,
      must: `be letters, digits, hyphens and underscores, at most ${most}`,
      because: "Secret Manager refuses any other id, after the preview",
      fix: "a name such as jwt-secret-staging",
    }),
  ];
}
