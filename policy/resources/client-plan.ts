import { cloudRunLimits, poolDefaults } from "../../capacity/limits";
import { type ConnectionPool, type DatabaseClientVariables, databaseVariables } from "../../capacity/plan";
import { type Problem, problem } from "../../capacity/problem";
import { processesOf } from "./command-line";
import { isConnectionString, isOtherStore, knownValue, namesDatabase, normalName } from "./database-names";
import { frameworks, type PoolField, type PoolNames, poolerNames } from "./pool-names";
import { isPooler } from "./sidecars";
import { type Container, literalOf, type Variable } from "./workload";

/*
 * Reads a container's database connections from this project's variables, its framework's own names, its connection
 * string and its command line.
 */

/** A container's plan, as far as the container states it. */
export interface ClientPlan {
  /** Its connections and how it starts; absent if its connections cannot be counted. */
  readonly client?: DatabaseClientVariables;
  /** The fields that the container states. */
  readonly stated: Partial<DatabaseClientVariables>;
  /** The setting of each field, as messages name it. */
  readonly settings: Readonly<Record<keyof DatabaseClientVariables, string>>;
  /** Settings without which its connections cannot be counted. */
  readonly missing: readonly string[];
  /** Settings of the start that this project's clients must state; without them a start is assumed. */
  readonly missingStart: readonly string[];
  /** Contradictory settings: nothing is counted from them. */
  readonly contradictions: readonly Problem[];
  /** A variable with a number of processes that the command line overrides; nothing is counted from it. */
  readonly overruled?: Problem;
}

interface Statement {
  readonly field: PoolField;
  readonly value: number;
  readonly setting: string;
  readonly names: PoolNames;
}

const START_FIELDS = [
  "poolTimeoutSeconds",
  "connectTimeoutSeconds",
  "initTimeoutSeconds",
  "startupConnections",
] as const;

/**
 * Reads a container's plan. `secretTexts` returns the values of a variable's secret that the stack knows: a connection
 * string may state the pool. Throws if a value is unknown at preview.
 */
export function clientPlanOf(
  container: Container,
  secretTexts: (variable: Variable) => readonly string[] = () => [],
): ClientPlan {
  if (isPooler(container)) return poolerPlanOf(container);
  const own = ownValues(container);
  const statements = winning(statementsIn(container, secretTexts));
  const contradictions = contradictionsOf(container, own, statements);
  const size = statements.find(({ field }) => field === "poolSize");
  const overflow = statements.find(({ field }) => field === "maxOverflow");
  const workers = workersOf(container, own, own.poolSize === undefined && size?.names.oneProcess === true);
  const ownSetting = (field: keyof DatabaseClientVariables) =>
    `${container.inputs.at("envs")}[${databaseVariables[field]}]`;
  const isOwn = own.poolSize !== undefined || size === undefined;
  const poolSize = own.poolSize ?? size?.value;
  const maxOverflow = own.maxOverflow ?? overflow?.value ?? (isOwn ? undefined : size.names.defaultOverflow);
  const settings = {
    ...(Object.fromEntries(FIELDS.map((field) => [field, ownSetting(field)])) as Record<
      keyof DatabaseClientVariables,
      string
    >), // FIELDS are the keys
    ...(own.poolSize === undefined && size ? { poolSize: size.setting, maxOverflow: overflowBeside(size) } : {}),
    ...(own.maxOverflow !== undefined
      ? { maxOverflow: ownSetting("maxOverflow") }
      : overflow
        ? { maxOverflow: overflow.setting }
        : {}),
    workers: workers.setting,
  };
  const missing = [
    ...(poolSize === undefined ? [databaseVariables.poolSize] : []),
    ...(maxOverflow === undefined ? [databaseVariables.maxOverflow] : []),
    ...(workers.value === undefined ? [workers.missing] : []),
  ];
  const missingStart = isOwn
    ? START_FIELDS.filter((field) => own[field] === undefined).map((field) => databaseVariables[field])
    : [];
  const stated: Partial<DatabaseClientVariables> = {
    ...own,
    ...present({ poolSize, maxOverflow: own.maxOverflow ?? overflow?.value, workers: workers.stated }),
  };
  const isOverruled = own.workers !== undefined && workers.value !== undefined && own.workers !== workers.value;
  const plan = {
    stated,
    settings,
    missing,
    missingStart,
    contradictions,
    ...(isOverruled
      ? { overruled: overruled({ value: own.workers, setting: ownSetting("workers") }, workers.setting, workers.value) }
      : {}),
  };
  if (poolSize === undefined || maxOverflow === undefined || workers.value === undefined || contradictions.length > 0)
    return plan;
  const pool = { poolSize, maxOverflow, workers: workers.value };
  return { ...plan, client: { ...pool, ...startOf(own, pool) } };
}

/** A pooler's plan: its server connections, in one process. The number of its clients makes no difference. */
function poolerPlanOf(container: Container): ClientPlan {
  const counts = (pattern: RegExp) =>
    container.variables.filter((variable) => pattern.test(variable.name) && isCount(variable));
  const [size, reserve, limit] = [poolerNames.poolSize, poolerNames.reserve, poolerNames.limit].map(
    (pattern) => counts(pattern)[0],
  );
  const countIn = (variable: Variable | undefined) => (variable ? Number(literalOf(variable)) : undefined);
  const most = countIn(limit) || undefined; // 0 is no limit
  const decides = size ?? (most === undefined ? undefined : limit);
  const setting = decides?.setting ?? `${container.inputs.at("envs")}[${poolerNames.asked}]`;
  // FIELDS are the keys
  const settings = Object.fromEntries(FIELDS.map((field) => [field, setting])) as ClientPlan["settings"];
  const plan = {
    settings,
    missingStart: [],
    contradictions: [],
  };
  if (!decides) return { ...plan, stated: {}, missing: [poolerNames.asked] };
  const poolSize = Math.min(countIn(size) ?? Number.POSITIVE_INFINITY, most ?? Number.POSITIVE_INFINITY);
  const maxOverflow = Math.min(countIn(reserve) ?? 0, (most ?? Number.POSITIVE_INFINITY) - poolSize);
  const pool = { poolSize, maxOverflow, workers: 1 };
  return { ...plan, stated: { poolSize }, missing: [], client: { ...pool, ...startOf({}, pool) } };
}

/**
 * The setting for an overflow that a framework's pool leaves to its default: `SQLALCHEMY_MAX_OVERFLOW` beside its size.
 */
const overflowBeside = ({ setting }: Statement) =>
  setting.replace(/POOL_SIZE\]$/, "MAX_OVERFLOW]").replace(/\(pool_size\)$/, "(max_overflow)");

const FIELDS = Object.keys(databaseVariables) as (keyof DatabaseClientVariables)[];

/**
 * The assumed start of a container that does not state it: it opens the whole pool, has the usual time-outs of pools,
 * and continues until Cloud Run ends it.
 */
function startOf(own: OwnValues, pool: ConnectionPool): Omit<DatabaseClientVariables, keyof ConnectionPool> {
  // `service-database-variables` refuses a time-out that is too small, and an attempt longer than the initialisation.
  const connectTimeoutSeconds = Math.max(1, own.connectTimeoutSeconds ?? poolDefaults.waitSeconds.value);
  return {
    startupConnections: Math.ceil(own.startupConnections ?? pool.poolSize + pool.maxOverflow),
    connectTimeoutSeconds,
    poolTimeoutSeconds: Math.max(1, own.poolTimeoutSeconds ?? poolDefaults.waitSeconds.value),
    initTimeoutSeconds: Math.max(
      connectTimeoutSeconds,
      own.initTimeoutSeconds ?? cloudRunLimits.startupWindowSeconds.value.withoutGpu,
    ),
  };
}

const present = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

type OwnValues = { readonly [Field in keyof DatabaseClientVariables]?: number };

/** The plan in this project's own variables; a value that is not a number is absent. */
function ownValues(container: Container): OwnValues {
  return Object.fromEntries(
    FIELDS.flatMap((field) => {
      const variable = container.variables.find(({ name }) => name === databaseVariables[field]);
      const text = (variable && literalOf(variable)) ?? "";
      // Only numbers that every application reads alike: `0x10` and `Infinity` are numbers only in JavaScript, ` 5` and
      // a count of `5.0` not everywhere.
      const isNumber = /^\d+(\.\d+)?$/.test(text) && (field.endsWith("Seconds") || !/\.0+$/.test(text));
      return isNumber ? [[field, Number(text)]] : [];
    }),
  );
}

interface Workers {
  readonly value: number | undefined;
  /** Its workers; absent if nothing states it and the runtime has one process. */
  readonly stated: number | undefined;
  readonly setting: string;
  readonly missing: string;
}

/** The command line wins over WEB_CONCURRENCY; a runtime with one process needs neither. */
function workersOf(container: Container, own: OwnValues, oneProcess: boolean): Workers {
  const line = processesOf(container);
  if (line)
    return {
      value: line.workers,
      stated: line.workers,
      setting: line.setting,
      missing: `a number in '${line.setting}'`,
    };
  const other = WORKERS_VARIABLES.flatMap((name) =>
    container.variables.filter((variable) => variable.name === name),
  ).find(isCount);
  const named =
    other && own.workers === undefined ? { value: Number(literalOf(other)), setting: other.setting } : undefined;
  const stated = own.workers ?? named?.value;
  return {
    value: stated ?? (oneProcess ? 1 : undefined),
    stated,
    setting: named?.setting ?? `${container.inputs.at("envs")}[${databaseVariables.workers}]`,
    missing: databaseVariables.workers,
  };
}

/** Other variables for an instance's processes: a server's own, and those that configuration files commonly read. */
const WORKERS_VARIABLES = [
  "UVICORN_WORKERS",
  "GRANIAN_WORKERS",
  "GUNICORN_WORKERS",
  "PUMA_WORKERS",
  "UWSGI_PROCESSES",
  "UWSGI_WORKERS",
];

const isCount = (variable: Variable) => /^\d+$/.test(literalOf(variable)?.trim() ?? "");

/** Every setting in a framework's names, in variables and in known connection strings. */
function statementsIn(container: Container, secretTexts: (variable: Variable) => readonly string[]): Statement[] {
  return container.variables.flatMap((variable) => {
    if (Object.values<string>(databaseVariables).includes(variable.name)) return [];
    const name = normalName(variable.name);
    const named = isOtherStore(name) ? undefined : namedField(name);
    if (named)
      return isCount(variable) ? [{ ...named, value: Number(literalOf(variable)), setting: variable.setting }] : [];
    const texts = namesDatabase(variable) ? [knownValue(variable)] : [];
    return [...texts, ...secretTexts(variable).filter(isConnectionString)].flatMap((text) =>
      statementsInText(variable, text),
    );
  });
}

function namedField(name: string): Pick<Statement, "field" | "names"> | undefined {
  for (const names of frameworks)
    for (const field of POOL_FIELDS) if (names.variables[field]?.test(name)) return { field, names };
  return undefined;
}

const POOL_FIELDS = ["poolSize", "maxOverflow"] as const;

/** The parameters of a connection string. Never show them in a message: they may contain a password. */
function statementsInText(variable: Variable, text: string): Statement[] {
  return parametersOf(text).flatMap(([key, value]) => {
    const parameter = key.toLowerCase().replace(/[^a-z]/g, "");
    for (const names of frameworks)
      for (const field of POOL_FIELDS)
        if (names.parameters[field]?.includes(parameter) && /^\d+$/.test(value))
          return [{ field, names, value: Number(value), setting: `${variable.setting} (${key})` }];
    return [];
  });
}

/**
 * `?key=value&key=value` of a URL, or `key=value key=value` or `Key=value;Key=value` of a connection string in
 * keywords.
 */
function parametersOf(text: string): [string, string][] {
  const isUrl = text.includes("://");
  const parts = isUrl ? (text.split("?")[1] ?? "").split(/[&;\s"'}]/) : text.split(text.includes(";") ? ";" : /\s+/);
  return parts.flatMap((part): [string, string][] => {
    const at = part.indexOf("=");
    return at > 0 ? [[part.slice(0, at).trim(), part.slice(at + 1).trim()]] : [];
  });
}

/** Removes the settings that yield to other settings. */
function winning(statements: readonly Statement[]): Statement[] {
  const isThere = (framework: string) => statements.some(({ names }) => names.framework === framework);
  return statements.filter(({ names: { framework, yieldsTo } }) => {
    if (yieldsTo === undefined) return true;
    return yieldsTo === "any" ? statements.every(({ names }) => names.framework === framework) : !isThere(yieldsTo);
  });
}

/** Settings that differ from this project's variables, or from the first one if there are none. */
function contradictionsOf(container: Container, own: OwnValues, stated: readonly Statement[]): Problem[] {
  const setting = (field: keyof DatabaseClientVariables) =>
    `${container.inputs.at("envs")}[${databaseVariables[field]}]`;
  const first = (field: PoolField) => {
    const value = own[field];
    if (value !== undefined) return { value, setting: setting(field) };
    return own.poolSize === undefined ? stated.find((statement) => statement.field === field) : undefined;
  };
  const [size, overflow] = [first("poolSize"), first("maxOverflow")];
  const total = size && size.value + (overflow?.value ?? 0);
  const overflows = stated.some(({ field }) => field === "maxOverflow");
  return [
    ...stated.filter(({ names }) => names.yieldsTo !== "any" || own.poolSize === undefined),
    ...workerStatements(container, own),
  ].flatMap((statement) => {
    const { field, value } = statement;
    if (field === "workers")
      return value === own.workers
        ? []
        : [contradiction(statement, { value: own.workers ?? value, setting: setting("workers") })];
    const other = field === "poolSize" ? size : overflow;
    // A pool without overflow counts as the sum of a pool with one.
    const isSame = !other || value === other.value || (value === total && field === "poolSize" && !overflows);
    return isSame ? [] : [contradiction(statement, other)];
  });
}

/** Without a command line it is not known which of two numbers of processes the server uses. */
function workerStatements(container: Container, own: OwnValues) {
  if (own.workers === undefined || processesOf(container)) return [];
  const others = container.variables.filter(
    (variable) => WORKERS_VARIABLES.includes(variable.name) && isCount(variable),
  );
  return others.map((variable) => ({
    field: "workers" as const,
    value: Number(literalOf(variable)),
    setting: variable.setting,
  }));
}

const overruled = (statement: { readonly value: number; readonly setting: string }, setting: string, workers: number) =>
  problem({
    setting: statement.setting,
    value: statement.value,
    must: `equal '${setting}' (${workers})`,
    because: "the command line wins, and a count that is based on the variable is wrong",
    fix: workers,
  });

const contradiction = (
  statement: { readonly value: number; readonly setting: string },
  other: { readonly value: number; readonly setting: string },
) =>
  problem({
    setting: statement.setting,
    value: statement.value,
    must: `equal '${other.setting}' (${other.value})`,
    because: "they contradict each other, and it is not known which one the application uses",
    fix: other.value,
  });
