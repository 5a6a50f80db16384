import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { InputError } from "../capacity/problem";
import { readSettings } from "../config/read";
import type { Settings } from "../config/schema";

/** What a test changes: objects are merged at every depth, anything else replaces, `undefined` removes. */
export interface Changes {
  readonly [key: string]: unknown;
}

/** The stack file of the tests. */
export const REFERENCE = join(__dirname, "fixtures/Pulumi.reference.yaml");

// the committed file: test/config/read.test.ts validates it
const STAGING = parse(readFileSync(REFERENCE, "utf8")) as { readonly config: Record<string, unknown> };

/** Arguments of a command that reads a stack file: the reference, unless they name another one. */
export const onReference = (args: readonly string[]): readonly string[] =>
  args.some((arg) => /^--(config-file|stack)(=|$)/.test(arg)) ? args : ["--config-file", REFERENCE, ...args];

/**
 * The reference configuration, keys as in the stack file, with the changes of a test. What leads to a service goes with
 * it.
 */
export function stagingConfiguration(changes: Changes = {}): Record<string, unknown> {
  const { config } = structuredClone(STAGING);
  return changed(config, { ...withoutHostsOf(servicesRemovedBy(changes), config), ...changes });
}

function servicesRemovedBy({ "netra:services": services }: Changes): string[] {
  return isMapping(services) ? Object.keys(services).filter((key) => services[key] === undefined) : [];
}

function withoutHostsOf(
  removed: readonly string[],
  { "netra:hosts": hosts, "netra:edge": edge }: Readonly<Record<string, unknown>>,
): Changes {
  if (removed.length === 0 || !isMapping(hosts) || !isMapping(edge)) return {};
  const gone = removed.flatMap((key) => hosts[key]);
  // test/config/read.test.ts validates it
  const certificates = (edge.certificates as string[][]).map((names) => names.filter((host) => !gone.includes(host)));
  return { "netra:hosts": Object.fromEntries(removed.map((key) => [key, undefined])), "netra:edge": { certificates } };
}

/**
 * A target that 100 storms decide where 99 % takes 1,000: for plans whose storms are not what a test is about. Whether
 * none or most starts fail, the verdict is the same.
 */
export const FEW_STORMS: Changes = { "netra:targets": { startupSuccessPercent: 95 } };

/** The same, read and validated. */
export const stagingSettings = (changes: Changes = {}): Settings => readSettings(stagingConfiguration(changes));

/** What `config/read.ts` says of a configuration, in its order; empty where it can be read. */
export function configurationProblems(configuration: Record<string, unknown>): string[] {
  try {
    readSettings(configuration);
    return [];
  } catch (error) {
    if (error instanceof InputError) return error.problems.map(({ message }) => message);
    throw error;
  }
}

function changed(original: Readonly<Record<string, unknown>>, changes: Changes): Record<string, unknown> {
  const result: Record<string, unknown> = { ...original };
  for (const [key, change] of Object.entries(changes)) {
    const before = result[key];
    if (change === undefined) delete result[key];
    else result[key] = isMapping(change) ? changed(isMapping(before) ? before : {}, change) : change;
  }
  return result;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** The changes under which a job migrates with the backend's image. */
export const migrating = (changes: object = {}): Changes => ({
  "netra:migrations": {
    ...{
      name: "netra-migrations",
      account: "netra-migrate",
      service: "backend",
      command: ["alembic", "upgrade", "head"],
      connections: 1,
      timeoutSeconds: 600,
    },
    ...changes,
  },
  "netra:database": { migrationConnections: 0 },
});
