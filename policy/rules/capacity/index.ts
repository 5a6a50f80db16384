import { capacityAlerts } from "./capacity-alerts";
import { connectionBudget } from "./connection-budget";
import { providerJudged } from "./provider-judged";
import { regionalQuota } from "./regional-quota";
import { startupConnectRate } from "./startup-connect-rate";
import { startupStorm } from "./startup-storm";

export const capacityRules = [
  capacityAlerts,
  connectionBudget,
  providerJudged,
  regionalQuota,
  startupConnectRate,
  startupStorm,
] as const;
