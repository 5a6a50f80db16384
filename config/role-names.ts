/*
 * The roles of the application's database. Two users of a service alternate: a rotation gives the idle one the new
 * password, so that the revision that still runs keeps the other's.
 */

/**
 * PostgreSQL cuts longer names off, without an error. Source:
 * https://www.postgresql.org/docs/14/sql-syntax-lexical.html
 */
export const LONGEST_ROLE = 63;

/** The role without login that owns what the application makes. */
export const ownerRole = (user: string): string => `${user}_owner`;

/** The user that sets up the others, and that nothing else logs in as. */
export const adminUser = (user: string): string => `${user}_admin`;

/**
 * The user of a service, or of the migrations, while a rotation's password is current: odd rotations `_a`, even ones
 * `_b`.
 */
export const loginUser = (user: string, service: string, rotation: number): string =>
  `${user}_${service.replaceAll("-", "_")}_${rotation % 2 === 1 ? "a" : "b"}`;
