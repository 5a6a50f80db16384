import type { Rule } from "./framework/rule";
import { capacityRules } from "./rules/capacity";
import { connectorRules } from "./rules/connector";
import { databaseRules } from "./rules/database";
import { edgeRules } from "./rules/edge";
import { networkRules } from "./rules/network";
import { redisRules } from "./rules/redis";
import { secretRules } from "./rules/secret";
import { serviceRules } from "./rules/service";

/** Every rule of the pack, by the folder that holds it. */
export const rulesByService = {
  capacity: capacityRules,
  connector: connectorRules,
  database: databaseRules,
  edge: edgeRules,
  network: networkRules,
  redis: redisRules,
  secret: secretRules,
  service: serviceRules,
} as const satisfies Readonly<Record<string, readonly Rule[]>>;

/**
 * Every rule of the pack, by name. To add one, write its file and its test in its service's folder, and list it in that
 * folder's index.
 */
export const rules = Object.values(rulesByService)
  .flat()
  .toSorted((a, b) => (a.name < b.name ? -1 : 1)) satisfies readonly Rule[];
