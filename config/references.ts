import { closest, distance } from "fastest-levenshtein";
import { cloudRunLimits } from "../capacity/limits";
import { databaseVariables } from "../capacity/plan";
import { type InputProblem, problem, type Way } from "../capacity/problem";
import { VARIABLE } from "./fields";

/* What holds between the sections of the stack file. */

/** How the stack makes a secret's value. */
export const SECRET_FORMATS = ["text", "fernet", "database-password", "database-admin-password", "redis-auth"] as const;

/** A name that JavaScript keeps for itself: what stands under it would be left out without a word. */
export function reservedNames(value: unknown, path = "netra"): InputProblem[] {
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const setting = path === "netra" ? `netra:${key}` : `${path}.${key}`;
    if (key !== "__proto__") return reservedNames(item, setting);
    return [
      {
        setting,
        message: `'${setting}' must have another name because JavaScript keeps this one for itself; rename it`,
      },
    ];
  });
}

/**
 * Names that point at nothing: they are found even where other settings are wrong, so that all problems show at once.
 */
export function referenceProblems(own: Readonly<Record<string, unknown>>): InputProblem[] {
  const services = entriesOf(own.services);
  const secrets = entriesOf(own.secrets);
  const secretKeys = entriesOf(own.secrets, true).map(([key]) => key);
  const order = orderOf(own.services);
  return [
    ...services.flatMap(([key, value]) => {
      const path = `netra:services.${key}`;
      return [
        ...orderProblems(key, value, order),
        // Without the section, that is the problem.
        ...(isMapping(own.secrets)
          ? textsOf(value, "secrets").flatMap((name, i, all) =>
              secretKeys.includes(name)
                ? []
                : unknownName(
                    `${path}.secrets[${i}]`,
                    name,
                    secretKeys.filter((key) => !all.includes(key)),
                    "a secret under 'netra:secrets'",
                  ),
            )
          : []),
        ...reservedVariables(path, value),
      ];
    }),
    ...secrets.flatMap(([key, value]) => secretProblems(`netra:secrets.${key}`, value)),
    ...duplicates("services", services, "name", "two services of one name are one service"),
    ...duplicates("services", services, "account", "every service has an identity of its own"),
    ...duplicates("secrets", secrets, "id", "Secret Manager has every id once"),
    ...databasePasswordProblems(services, own.secrets),
    ...furtherSecrets(secrets, "database-password", "the application has one database user at a time"),
  ];
}

/** What a service waits for: others that exist, and that do not wait for it. */
function orderProblems(key: string, service: Record<string, unknown>, order: Order): InputProblem[] {
  const after = textsOf(service, "after");
  const setting = `netra:services.${key}.after`;
  // A fix must not lead into a circle.
  const possible = () => [...order.before.keys()].filter((other) => other !== key && !leadsBack(key, [other], order));
  const unknown = after.flatMap((name, i) => {
    if (name === key)
      return [
        problem({
          setting: `${setting}[${i}]`,
          value: name,
          must: "name another service",
          because: "none can wait for itself",
          ways: [[[`${setting}[${i}]`, null]]],
        }),
      ];
    return order.known.has(name) ? [] : unknownName(`${setting}[${i}]`, name, possible(), "another service");
  });
  const others = after.filter((name) => name !== key);
  if (service.after === undefined || !leadsBack(key, others, order)) return unknown;
  const because = "neither service could roll out first (one without 'after' waits for all whose names come first)";
  return [
    ...unknown,
    problem({ setting, value: after.join(", "), must: `not lead back to '${key}'`, because, ways: [[[setting, []]]] }),
  ];
}

/** `possible` are the names that would pass. */
function unknownName(setting: string, name: string, possible: readonly string[], what: string): InputProblem[] {
  if (possible.includes(name)) return [];
  const nearest = possible.length > 0 ? closest(name, [...possible]) : undefined;
  // Another name that is nothing like it was hardly meant.
  const isNear =
    nearest !== undefined &&
    (distance(name, nearest) <= Math.max(2, name.length / 4) || nearest.startsWith(name) || name.startsWith(nearest));
  const meant = isNear ? nearest : undefined;
  const because = "nothing else of that name exists";
  return [
    problem({
      setting,
      value: name,
      must: `name ${what}`,
      because,
      ways: [...(meant === undefined ? [] : [[[setting, meant] as const]]), [[setting, null]]],
    }),
  ];
}

/**
 * A service that uses the database logs in with the password that the stack generates: there must be one, and it must
 * mount it.
 */
function databasePasswordProblems(
  services: readonly [string, Record<string, unknown>][],
  secrets: unknown,
): InputProblem[] {
  const [password] = entriesOf(secrets).find(([, { format }]) => format === "database-password") ?? [];
  const users = services.filter(([, { database }]) => database !== undefined);
  // A secret that cannot be read may be the one.
  const isRead =
    isMapping(secrets) &&
    Object.values(secrets).every(
      (secret) => isMapping(secret) && [undefined, ...SECRET_FORMATS].some((format) => format === secret.format),
    );
  if (password === undefined)
    return users.length === 0 || !isRead
      ? []
      : [
          problem({
            setting: "netra:secrets",
            must: "have a secret of format database-password",
            because: `${users.map(([key]) => key).join(" and ")} log in to the database`,
            ways: [passwordWay(secrets)],
          }),
        ];
  return users
    .filter(
      ([, service]) =>
        (service.secrets === undefined || Array.isArray(service.secrets)) &&
        !textsOf(service, "secrets").includes(password),
    )
    .map(([key, service]) => {
      const setting = `netra:services.${key}.secrets`;
      return problem({
        setting,
        must: `contain ${password}`,
        because: "the service logs in to the database with it",
        ways: [[[setting, [...textsOf(service, "secrets").filter((name) => VARIABLE.test(name)), password]]]],
      });
    });
}

/** Makes POSTGRES_PASSWORD the database's password, or adds it. */
const passwordWay = (secrets: unknown): Way =>
  isMapping(secrets) && isMapping(secrets.POSTGRES_PASSWORD)
    ? [
        ["netra:secrets.POSTGRES_PASSWORD.format", "database-password"],
        ...(secrets.POSTGRES_PASSWORD.rotation === undefined
          ? [["netra:secrets.POSTGRES_PASSWORD.rotation", 1] as const]
          : []),
      ]
    : [
        [
          "netra:secrets.POSTGRES_PASSWORD",
          { id: "postgres-password", version: 1, rotation: 1, format: "database-password" },
        ],
      ];

/** The same text where each section needs its own. Its value is not shown: it could be a misplaced secret. */
const duplicates = (
  section: string,
  entries: readonly [string, Record<string, unknown>][],
  field: string,
  because: string,
): InputProblem[] =>
  repeatedTexts(
    entries.map(([key, value]) => [`netra:${section}.${key}.${field}`, value[field]]),
    because,
  );

/** Settings that have the text of an earlier one. */
export const repeatedTexts = (
  stated: readonly (readonly [setting: string, value: unknown])[],
  because: string,
): InputProblem[] => {
  const firsts = new Map<string, string>();
  return stated.flatMap(([setting, value]) => {
    if (typeof value !== "string") return [];
    const first = firsts.get(value);
    if (first === undefined) firsts.set(value, setting);
    return first === undefined
      ? []
      : [
          {
            setting,
            message: `'${setting}' must differ from '${first}' because ${because}; set '${setting}' to a text of its own`,
          },
        ];
  });
};

/** Secrets of a format that only one may have, but the first. */
export const furtherSecrets = (
  secrets: readonly [string, Record<string, unknown>][],
  format: string,
  because: string,
): InputProblem[] =>
  secrets
    .filter(([, secret]) => secret.format === format)
    .slice(1)
    .map(([key]) =>
      problem({
        setting: `netra:secrets.${key}.format`,
        value: format,
        must: "be set for one secret only",
        because,
        fix: "text",
      }),
    );

/** The services that are stated, and for each that can be read what it waits for. */
interface Order {
  readonly known: ReadonlySet<string>;
  readonly before: ReadonlyMap<string, readonly string[]>;
}

function orderOf(all: unknown): Order {
  const services = entriesOf(all);
  const keys = services.map(([key]) => key).toSorted();
  const position = new Map(keys.map((key, i) => [key, i]));
  const before = services.map(
    ([key, value]) =>
      [key, value.after === undefined ? keys.slice(0, position.get(key)) : textsOf(value, "after")] as const,
  );
  return { known: new Set(entriesOf(all, true).map(([key]) => key)), before: new Map(before) };
}

/** Whether a service that waits for `after` would in the end wait for itself. */
function leadsBack(start: string, after: readonly string[], { before }: Order): boolean {
  const seen = new Set(after);
  // Iterating over a set also visits what is added meanwhile.
  for (const key of seen) {
    if (key === start) return true;
    for (const other of before.get(key) ?? []) seen.add(other);
  }
  return false;
}

/** Variables with the location of the database and of the cache. */
export const LOCATION_VARIABLES = [
  "POSTGRES_HOST",
  "POSTGRES_PORT",
  "POSTGRES_DB",
  "POSTGRES_USER",
  "PGSSLMODE",
  "REDIS_HOST",
  "REDIS_PORT",
] as const;

/** Variables that the stack or Cloud Run sets: a second value by hand would win or lose by chance. */
function reservedVariables(path: string, service: Record<string, unknown>): InputProblem[] {
  const cloudRun = cloudRunLimits.reservedVariables.value;
  const derived: string[] = [...Object.values(databaseVariables), ...LOCATION_VARIABLES];
  const secrets = textsOf(service, "secrets");
  const whySet = (name: string) => {
    if (cloudRun.includes(name)) return "Cloud Run sets it, PORT from the service's port";
    return derived.includes(name) ? "the stack derives it from the plan" : undefined;
  };
  return [
    ...entriesOf(service.environment, true).flatMap(([name]) => {
      const setting = `${path}.environment.${name}`;
      const because =
        whySet(name) ?? (secrets.includes(name) ? "the service already takes it from a secret" : undefined);
      return because ? [problem({ setting, must: "not be set", because, ways: [[[setting, null]]] })] : [];
    }),
    ...secrets.flatMap((name, i) => {
      const [setting, because] = [`${path}.secrets[${i}]`, whySet(name)];
      return because
        ? [problem({ setting, value: name, must: "not be taken from a secret", because, ways: [[[setting, null]]] })]
        : [];
    }),
  ];
}

function secretProblems(path: string, secret: Record<string, unknown>): InputProblem[] {
  const { rotation, version, format, disabledThroughRotation: disabled } = secret;
  const wrong = (field: string, value: unknown, must: string, because: string, ways: readonly Way[]) =>
    problem({ setting: `${path}.${field}`, value: shown(value), must, because, ways });
  const problems: InputProblem[] = [];
  if (rotation === undefined && format !== undefined)
    problems.push(
      wrong("format", format, "not be set without 'rotation'", "people add the value of this secret", [
        [[`${path}.rotation`, 1]],
        ...(format === "database-password" ? [] : [[[`${path}.format`, null] as const]]),
      ]),
    );
  const disabledSetting = `${path}.disabledThroughRotation`;
  if (rotation === undefined && disabled !== undefined)
    problems.push(
      wrong(
        "disabledThroughRotation",
        disabled,
        "not be set without 'rotation'",
        "the stack owns no version of this secret",
        [[[disabledSetting, null]]],
      ),
    );
  // What is no count is reported already.
  const made = typeof rotation === "number" && Number.isSafeInteger(rotation) && rotation >= 1 ? rotation : undefined;
  if (made !== undefined && typeof disabled === "number" && disabled >= made)
    problems.push(
      wrong("disabledThroughRotation", disabled, `be below 'rotation' (${made})`, "services mount the last rotation", [
        [[disabledSetting, made - 1]],
      ]),
    );
  const written = made === undefined ? 0 : made - (typeof disabled === "number" && disabled < made ? disabled : 0);
  if (typeof version === "number" && written > 0 && version < written)
    problems.push(
      wrong("version", version, `be at least ${written}`, "every rotation that is not disabled adds a version", [
        [[`${path}.version`, written]],
      ]),
    );
  if (made !== undefined && written > MOST_KEPT)
    problems.push(
      wrong(
        "disabledThroughRotation",
        disabled,
        `be at least ${made - MOST_KEPT}`,
        "each rotation that is not disabled is a resource and a version that can be read, and no revision mounts so old a one",
        [[[disabledSetting, made - MOST_KEPT]]],
      ),
    );
  return problems;
}

/** Rotations of one secret whose versions stay enabled: many more than a rollback wants. */
const MOST_KEPT = 50;

/** The entries of a mapping that are mappings themselves (or anything, with `all`). */
export function entriesOf(value: unknown, all = false): [string, Record<string, unknown>][] {
  if (!isMapping(value)) return [];
  return Object.entries(value).filter(
    (entry): entry is [string, Record<string, unknown>] => all || isMapping(entry[1]),
  );
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function textsOf(value: Record<string, unknown>, key: string): string[] {
  const texts = value[key];
  return Array.isArray(texts) ? texts.filter((text) => typeof text === "string") : [];
}

/** A value as a message shows it. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return "not set";
  if (value === "") return "empty";
  if (typeof value === "number") return String(value); // JSON has no NaN
  if (typeof value === "object") return Array.isArray(value) ? "a list" : "a section";
  // The quotes stay where they are the mistake: "10" is no number.
  return JSON.stringify(value).replace(/^"((?!-?\d+(\.\d+)?"$|(true|false)"$).*)"$/, "$1");
}
