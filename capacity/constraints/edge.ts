/* What the load balancer's rules are, apart from how they are declared. */

/** The plan's load balancer in front of the services. */
export interface EdgePlan {
  /** Requests a minute that one client address may send, all hosts together, health paths aside. */
  readonly requestsPerMinute: number;
}

/**
 * One rule of the security policy. Every request meets the rule of the lowest priority that matches it, and no other.
 */
export interface SecurityRule {
  readonly priority: number;
  readonly meaning: string;
  readonly action: "allow" | "throttle";
  /** Which requests, in Cloud Armor's language. Default: all. */
  readonly expression?: string;
  /** Requests a minute from one address; beyond them it gets 429. Only where the action is `throttle`. */
  readonly perMinute?: number;
}

/** The rule that every policy must have. Source: registry documentation of gcp.compute.SecurityPolicy 9.37. */
export const DEFAULT_PRIORITY = 2_147_483_647;

/**
 * The policy's rules, the first one first. Health paths come before the throttle: a client that is throttled makes no
 * host look down, and neither do Google's checkers, which may share an address. The gaps are for rules by hand.
 */
export function securityRules(healthPaths: readonly string[], { requestsPerMinute }: EdgePlan): SecurityRule[] {
  return [
    {
      priority: 1000,
      meaning: "health checks and uptime probes are never throttled",
      action: "allow",
      expression: healthExpression(healthPaths),
    },
    {
      priority: 2000,
      meaning: "so many requests a minute from one address",
      action: "throttle",
      perMinute: requestsPerMinute,
    },
    { priority: DEFAULT_PRIORITY, meaning: "everything else", action: "allow" },
  ];
}

/**
 * One regular expression for all paths: a rule takes five terms at most, and is paid for by the month. Source:
 * docs.cloud.google.com/armor/docs/rules-language-reference.
 */
function healthExpression(paths: readonly string[]): string {
  const distinct = [...new Set(paths)].toSorted();
  return `request.method == 'GET' && request.path.matches('^(${distinct.map(escaped).join("|")})$')`;
}

/**
 * A path as a regular expression, inside a text of Cloud Armor's: one that could end the text would change the rule.
 */
const escaped = (path: string) => path.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(/[\\']/g, "\\$&");
