import { parseTier } from "./constraints/cloudsql";
import { securityRules } from "./constraints/edge";
import { cloudSqlLimits, connectorLimits, prices } from "./limits";
import type { Alert } from "./monitoring/alert";
import type { CapacityPlan } from "./plan";

/**
 * One line of the bill. `usdPerMonth` is absent where no price is known: such an item is listed, never counted as free.
 */
export interface CostItem {
  readonly item: string;
  readonly usdPerMonth?: number;
  readonly arithmetic: string;
}

export interface Cost {
  /**
   * Sum of the priced items: list prices, without traffic and free tiers. Absent in a region whose prices are not
   * known.
   */
  readonly usdPerMonth?: number;
  readonly items: readonly CostItem[];
}

const HOURS = prices.hoursPerMonth.value;
const SECONDS = HOURS * 3600;

/** The region of all prices in `limits.ts`. */
export const PRICED_REGION = "us-central1";

/**
 * What the plan costs while nothing happens: minimum instances, database, cache, connector at its minimum, secrets,
 * alerts.
 */
export function planCost(
  plan: CapacityPlan,
  activeSecretVersions: number,
  region: string = PRICED_REGION,
  alerts: readonly Alert[] = [],
): Cost {
  const items = [
    connectorCost(plan),
    ...databaseCost(plan),
    cacheCost(plan),
    ...serviceCosts(plan),
    ...natCost(plan),
    ...edgeCosts(plan),
    ...monitoringCosts(plan, alerts),
    secretsCost(activeSecretVersions),
  ];
  if (region !== PRICED_REGION)
    return { items: items.map(({ item }) => notPriced(item, `prices are known for ${PRICED_REGION} only`)) };
  return { usdPerMonth: items.reduce((sum, item) => sum + (item.usdPerMonth ?? 0), 0), items };
}

export function connectorCost({ connector }: Pick<CapacityPlan, "connector">): CostItem {
  const item = `connector ${connector.machineType}`;
  const machine = connectorLimits.machineTypes.value[connector.machineType];
  if (!machine) return notPriced(item, "no such machine type");
  return priced(
    item,
    connector.minInstances * machine.usdPerHour * HOURS,
    `${connector.minInstances} VMs x ${machine.usdPerHour} USD/h x ${HOURS} h`,
  );
}

export function databaseCost({ database }: Pick<CapacityPlan, "database">): CostItem[] {
  const tier = parseTier(database.tier);
  const item = `database ${database.tier}`;
  const shared = cloudSqlLimits.sharedCore.value[database.tier];
  const [vcpuHour, gibHour] = [prices.sqlVcpuHour.value, prices.sqlGibHour.value];
  const machine = shared
    ? priced(item, shared.usdPerHour * HOURS, `${shared.usdPerHour} USD/h x ${HOURS} h`)
    : tier?.kind === "custom" && database.edition === "ENTERPRISE"
      ? priced(
          item,
          (tier.vcpus * vcpuHour + (tier.memoryMib / 1024) * gibHour) * HOURS,
          `(${tier.vcpus} vCPU x ${vcpuHour} + ${tier.memoryMib / 1024} GiB x ${gibHour}) USD/h x ${HOURS} h`,
        )
      : notPriced(item, "no published price for this edition and tier");
  const ssd = prices.sqlSsdGibMonth.value;
  return [
    machine,
    priced("database disk", database.diskGb * ssd, `${database.diskGb} GiB x ${ssd} USD`),
    notPriced(
      "database backups",
      `${prices.sqlBackupGibMonth.value} USD per GiB-month; how much they hold depends on the data`,
    ),
  ];
}

function cacheCost({ cache }: CapacityPlan): CostItem {
  const hour = prices.redisBasicGibHour.value;
  if (cache.memoryGb > 4) return notPriced("cache", "only 1 to 4 GB have a known price");
  return priced("cache BASIC", cache.memoryGb * hour * HOURS, `${cache.memoryGb} GiB x ${hour} USD/h x ${HOURS} h`);
}

function serviceCosts({ services }: CapacityPlan): CostItem[] {
  return Object.entries(services).flatMap(([key, service]) => {
    const [vcpuSecond, gibSecond] = service.cpuIdle
      ? [prices.runIdleVcpuSecond.value, prices.runIdleGibSecond.value]
      : [prices.runInstanceVcpuSecond.value, prices.runInstanceGibSecond.value];
    const gib = service.memoryMib / 1024;
    const usd = service.minInstances * (service.cpu * vcpuSecond + gib * gibSecond) * SECONDS;
    return [
      priced(
        `${key} minimum instances${service.cpuIdle ? ", idle" : ", cpu always allocated"}`,
        usd,
        `${service.minInstances} x (${service.cpu} vCPU x ${vcpuSecond} + ${gib} GiB x ${gibSecond}) USD/s x ${SECONDS} s`,
      ),
    ];
  });
}

function natCost({ network }: CapacityPlan): CostItem[] {
  return network.nat
    ? [
        notPriced(
          "Cloud NAT",
          `${prices.natVmHour.value} USD per VM-hour and ${prices.addressHour.value} per address-hour; connector VMs and traffic vary`,
        ),
      ]
    : [];
}

function edgeCosts({ edge }: CapacityPlan): CostItem[] {
  if (!edge) return [];
  const [hour, policy, each] = [
    prices.forwardingRulesHour.value,
    prices.armorPolicyMonth.value,
    prices.armorRuleMonth.value,
  ];
  // Their number does not depend on the paths.
  const rules = securityRules([], edge).length;
  return [
    priced("load balancer, forwarding rules", hour * HOURS, `${hour} USD/h for up to five x ${HOURS} h`),
    priced("Cloud Armor", policy + rules * each, `1 policy x ${policy} USD + ${rules} rules x ${each} USD`),
    notPriced(
      "load balancer and Cloud Armor, traffic",
      `${prices.trafficGib.value} USD per GiB each way and ${prices.armorRequestsMillion.value} USD per million requests; how many there are depends on the clients`,
    ),
  ];
}

function monitoringCosts({ monitoring }: CapacityPlan, alerts: readonly Alert[]): CostItem[] {
  if (!monitoring || monitoring.disabled) return [];
  return [
    ...(alerts.length > 0 ? [alertsCost(alerts)] : []),
    notPriced("monitoring", "log-based metrics and uptime checks are billed by use, beyond free allotments"),
  ];
}

/** Every condition names one metric and reads at least one series. */
function alertsCost(alerts: readonly Alert[]): CostItem {
  const conditions = alerts.reduce((sum, alert) => sum + alert.conditions.length, 0);
  const [metric, million, seconds] = [
    prices.alertMetricMonth.value,
    prices.alertPointsMillion.value,
    prices.alertEvaluationSeconds.value,
  ];
  const later = conditions * (metric + ((SECONDS / seconds) * million) / 1e6);
  return priced(
    "alerts",
    0,
    `free until ${prices.alertingFrom.value}; from then on ${later.toFixed(2)} USD or more: ${conditions} metrics x ${metric} USD + ${conditions} series x ${SECONDS / seconds} points x ${million} USD per million`,
  );
}

function secretsCost(versions: number): CostItem {
  const each = prices.secretVersionMonth.value;
  return priced("secret versions", versions * each, `${versions} active versions x ${each} USD`);
}

const priced = (item: string, usdPerMonth: number, arithmetic: string): CostItem => ({ item, usdPerMonth, arithmetic });
const notPriced = (item: string, why: string): CostItem => ({ item, arithmetic: `not priced: ${why}` });
