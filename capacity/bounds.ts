/* The largest values of settings that have a meaning. More is a mistake in writing, and could keep a simulation busy for ever. */

/** A day, in seconds: the longest request of Cloud Run is an hour, the longest start-up probe four minutes. */
export const MOST_SECONDS = 86_400;

/**
 * The longest timeout of a Cloud Run job's task: 168 hours. Source: docs.cloud.google.com/run/docs/configuring/task-timeout,
 * read 2026-11-29.
 */
export const MOST_TASK_SECONDS = 604_800;

/**
 * PostgreSQL's own maximum of max_connections. Source: postgres/postgres, src/include/postmaster/postmaster.h of versions
 * 10 to 17: "MAX_BACKENDS is limited to 2^18-1".
 */
export const MOST_CONNECTIONS = 262_143;

/** Far beyond every quota, and a count that arithmetic still holds exactly when it is multiplied. */
export const MOST_OF_ANYTHING = 1_000_000_000;

/** Waits that grow faster are at their longest after the first. */
export const MOST_RETRY_FACTOR = 1000;

/** Of a wait: it is up to eleven times as long. */
export const MOST_JITTER = 10;

/**
 * This project's bound for Redis. The largest instance that Google's documentation names has 300 GB, in an example:
 * docs.cloud.google.com/memorystore/docs/redis/quotas, read 2026-11-29.
 */
export const MOST_REDIS_GB = 300;

/**
 * This project's bound for an alert before a certificate expires. Google renews its certificates by itself and does not
 * document their validity; an alert earlier than this would be on most of the time.
 */
export const MOST_CERTIFICATE_DAYS = 90;
