import { cloudSqlLimits } from "../limits";
import { type ConnectionPool, connectionsPerInstance, type DatabaseClientVariables } from "../plan";
import { clamp, identity, type Naming, type Problem, problem } from "../problem";

/**
 * What a client's settings must be at least, and what goes wrong below. Counts are whole numbers, seconds need not be.
 */
const LEAST: {
  readonly [Field in keyof DatabaseClientVariables]: {
    readonly min: number;
    readonly whole: boolean;
    readonly because: string;
  };
} = {
  poolSize: { min: 1, whole: true, because: "a pool of 0 has no limit, and the budget counts what is stated" },
  maxOverflow: {
    min: 0,
    whole: true,
    because: "a negative overflow has no limit, and the budget counts what is stated",
  },
  workers: { min: 1, whole: true, because: "every instance runs at least one process, each with a pool of its own" },
  startupConnections: {
    min: 0,
    whole: true,
    because: "it is the number of connections that one starting instance opens",
  },
  poolTimeoutSeconds: { min: 1, whole: false, because: "a request would otherwise fail at once, or wait for ever" },
  connectTimeoutSeconds: { min: 1, whole: false, because: "an attempt would otherwise fail at once, or wait for ever" },
  initTimeoutSeconds: { min: 1, whole: false, because: "the initialisation would otherwise fail at once, or never" },
};

/**
 * Settings of a database client that make its budget meaningless, or its start impossible; one that is absent is none.
 */
export function databaseClientProblems(
  client: Partial<DatabaseClientVariables>,
  name: Naming<keyof DatabaseClientVariables> = identity,
): Problem[] {
  const problems = (Object.keys(LEAST) as (keyof typeof LEAST)[]).flatMap((field) => {
    const [value, { min, whole, because }] = [client[field], LEAST[field]];
    if (value === undefined) return [];
    if (Number.isFinite(value) && value >= min && (!whole || Number.isInteger(value))) return [];
    const fix = clamp(value, { min, max: Number.MAX_SAFE_INTEGER });
    return [
      problem({
        setting: name(field),
        value,
        must: `be a ${whole ? "whole " : ""}number of at least ${min}`,
        because,
        fix,
      }),
    ];
  });
  const { connectTimeoutSeconds, initTimeoutSeconds } = client;
  if (
    connectTimeoutSeconds !== undefined &&
    initTimeoutSeconds !== undefined &&
    connectTimeoutSeconds > initTimeoutSeconds
  )
    problems.push(
      problem({
        setting: name("connectTimeoutSeconds"),
        value: connectTimeoutSeconds,
        must: `not exceed '${name("initTimeoutSeconds")}' (${initTimeoutSeconds})`,
        because: "one attempt cannot outlast the initialisation it belongs to",
        fix: initTimeoutSeconds,
      }),
    );
  return problems;
}

/**
 * More connections than the built-in socket carries for one instance. `others` are what the instance's other containers
 * hold over the same socket.
 */
export function socketPoolProblems(pool: ConnectionPool, name: Naming<"poolSize"> = identity, others = 0): Problem[] {
  const limit = cloudSqlLimits.builtInSocketConnectionsPerInstance.value;
  const connections = connectionsPerInstance(pool) + others;
  if (connections <= limit) return [];
  const most = Math.floor((limit - others) / Math.max(1, pool.workers)) - pool.maxOverflow;
  return [
    problem({
      setting: name("poolSize"),
      value: pool.poolSize,
      must: `keep one instance within ${limit} connections (it has ${connections})`,
      because: "the built-in Cloud SQL socket carries no more per instance",
      fix: most >= 1 ? most : "1, with a smaller overflow and fewer workers",
    }),
  ];
}
