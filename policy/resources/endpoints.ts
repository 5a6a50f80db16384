import ipaddr from "ipaddr.js";
import { secretSourceOf, type Variable } from "./workload";

/* Reads the addresses that variables contain. Values are never shown: a URL may contain a password. */

/** Names of variables that hold an address to dial, with any prefix and suffix. */
const DIALLED =
  /(^|_)(HOST(NAME|ADDR|S)?|ADDR(ESS(ES)?)?|SERVERS?|ENDPOINTS?|NODES?|URLS?|URI|DSN|BROKERS?)(_|$)|(^|_)(REDIS|MEMORYSTORE|MEMCACHED?|VALKEY)$/i;
/** Names of variables that hold an address to listen on, to allow or to exclude. */
const NOT_DIALLED =
  /^(HOST|HOSTNAME|ADDR|ADDRESS)$|(^|_)(BIND|LISTEN|ALLOW(ED)?|TRUSTED|NO_PROXY|FORWARDED|DENY|DENIED|BLOCKED|EXCLUDED?|ORIGINS?)(_|$)/i;
const URL_HOST = /^[a-z][\w+.:-]*:\/\/(?:[^@/\s]*@)?(?:\[([^\]]+)\]|([^:/?#\s,]+))/i;
const PLAIN_HOST = /^([a-z0-9][\w.-]*)(?::\d+)?$/i;

/** Whether a variable of that name holds an address to dial. */
export const isDialled = (name: string): boolean => DIALLED.test(name) && !NOT_DIALLED.test(name);

/**
 * The hosts in a literal value: a URL, `host:port`, or a list of them. Empty for a socket's path, a secret and an
 * unknown value.
 */
export function literalHosts(variable: Variable): string[] {
  if (secretSourceOf(variable)) return [];
  const value = variable.inputs.knownOnly().text("value") ?? "";
  return value.split(",").flatMap((text) => {
    const url = URL_HOST.exec(text.trim());
    return url?.[1] ?? url?.[2] ?? PLAIN_HOST.exec(text.trim())?.[1] ?? [];
  });
}

/** Whether a host is an address that is reachable only through a VPC. */
export const isPrivateHost = (host: string): boolean => ["private", "carrierGradeNat"].includes(rangeOf(host) ?? "");

/** Whether a host is a name that only DNS resolves. */
export const isHostName = (host: string): boolean => rangeOf(host) === undefined && host !== "localhost";

const rangeOf = (host: string) =>
  ipaddr.isValid(host) && /^[\d.]+$|:/.test(host) ? ipaddr.parse(host).range() : undefined;

/** The variables that contain a literal private address to dial. */
export const privatelyDialled = (variables: readonly Variable[]): Variable[] =>
  variables.filter(
    (variable) => (isDialled(variable.name) || isUrl(variable)) && literalHosts(variable).some(isPrivateHost),
  );

const isUrl = (variable: Variable) =>
  !NOT_DIALLED.test(variable.name) && URL_HOST.test(variable.inputs.knownOnly().text("value")?.trim() ?? "");
