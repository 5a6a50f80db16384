import type { Rule } from "./framework/rule";
import { capacityRules } from "./rules/capacity";
import { connectorRules } from "./rules/connector";
import { databaseRules } from "./rules/database";
import { edgeRules } from "./rules/edge";
import { networkRules } from "./rules/network";
import { redisRules } from "./rules/redis";
import { secretRules } from "./rules/secret";
import { serviceRules } from "./rules/service";

/**
 * Every rule of the pack, by name. To add one, write its file and its test in its service's folder, and list it in that
 * folder's index.
 */
export const rules = [
  ...capacityRules,
  ...connectorRules,
  ...databaseRules,
  ...edgeRules,
  ...networkRules,
  ...redisRules,
  ...secretRules,
  ...serviceRules,
].toSorted((a, b) => (a.name < b.name ? -1 : 1)) satisfies readonly Rule[];
