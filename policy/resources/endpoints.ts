import ipaddr from "ipaddr.js";
import { secretSourceOf, type Variable } from "./workload";

/* What a variable tells a container to dial. Values are never shown: a URL may carry a password. */

/** Names under which an application is told what to dial, in whatever field stands before or after. */
const DIALLED =
  /(^|_)(HOST(NAME|ADDR|S)?|ADDR(ESS(ES)?)?|SERVERS?|ENDPOINTS?|NODES?|URLS?|URI|DSN|BROKERS?)(_|$)|(^|_)(REDIS|MEMORYSTORE|MEMCACHED?|VALKEY)$/i;
/** Names of what is listened on, allowed or left out. */
const NOT_DIALLED =
  /^(HOST|HOSTNAME|ADDR|ADDRESS)$|(^|_)(BIND|LISTEN|ALLOW(ED)?|TRUSTED|NO_PROXY|FORWARDED|DENY|DENIED|BLOCKED|EXCLUDED?|ORIGINS?)(_|$)/i;
const URL_HOST = /^[a-z][\w+.:-]*:\/\/(?:[^@/\s]*@)?(?:\[([^\]]+)\]|([^:/?#\s,]+))/i;
const PLAIN_HOST = /^([a-z0-9][\w.-]*)(?::\d+)?$/i;

/** Whether an application is told what to dial under that name. */
export const isDialled = (name: string): boolean => DIALLED.test(name) && !NOT_DIALLED.test(name);

/**
 * The hosts that a literal value names: of a URL, of `host:port`, of a list of them. Empty for a socket's path, a
 * secret and an unknown value.
 */
export function literalHosts(variable: Variable): string[] {
  if (secretSourceOf(variable)) return [];
  const value = variable.inputs.knownOnly().text("value") ?? "";
  return value.split(",").flatMap((text) => {
    const url = URL_HOST.exec(text.trim());
    return url?.[1] ?? url?.[2] ?? PLAIN_HOST.exec(text.trim())?.[1] ?? [];
  });
}

/** Whether a host is an address that is reached through a VPC only. */
export const isPrivateHost = (host: string): boolean => ["private", "carrierGradeNat"].includes(rangeOf(host) ?? "");

/** Whether a host is a name: where it leads, only DNS says. */
export const isHostName = (host: string): boolean => rangeOf(host) === undefined && host !== "localhost";

const rangeOf = (host: string) =>
  ipaddr.isValid(host) && /^[\d.]+$|:/.test(host) ? ipaddr.parse(host).range() : undefined;

/** The variables of containers that literally name a private address to dial. */
export const privatelyDialled = (variables: readonly Variable[]): Variable[] =>
  variables.filter(
    (variable) => (isDialled(variable.name) || isUrl(variable)) && literalHosts(variable).some(isPrivateHost),
  );

const isUrl = (variable: Variable) =>
  !NOT_DIALLED.test(variable.name) && URL_HOST.test(variable.inputs.knownOnly().text("value")?.trim() ?? "");
