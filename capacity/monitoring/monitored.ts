import type { ProbeTiming } from "../constraints/cloudrun";
import type { CachePlan, CapacityPlan, DatabasePlan, NetworkPlan, ServicePlan } from "../plan";

/** What monitoring is derived from: the plan, with the names under which metrics know its parts. */
export interface Monitored extends CapacityPlan {
  readonly project: string;
  readonly region: string;
  readonly network: NetworkPlan & {
    readonly nat?: { readonly name: string; readonly minPortsPerVm: number } | undefined;
  };
  /** `name`: the instance; `database`: the database in it that the services use. */
  readonly database: DatabasePlan & { readonly name: string; readonly database: string };
  readonly cache: CachePlan & { readonly name: string };
  readonly services: Readonly<
    Record<string, ServicePlan & { readonly liveness: ProbeTiming & { readonly path: string } }>
  >;
  readonly secrets: Readonly<Record<string, { readonly version: number; readonly format?: string | undefined }>>;
  /** By service, the hosts that clients use. */
  readonly hosts: Readonly<Record<string, readonly string[]>>;
  readonly monitoring: MonitoringTargets;
}

/** What staging wants; every threshold is this, times what the plan has. */
interface MonitoringTargets {
  /** Why nothing is monitored. Default: everything is. */
  readonly disabled?: { readonly reason: string } | undefined;
  /** Share of a capacity at which an alert opens. */
  readonly saturationShare: number;
  /** The longest that a start-up phase may take at the 95th percentile. */
  readonly phaseSeconds: number;
  /** How long before its end a certificate must have been renewed. */
  readonly certificateDays: number;
  readonly objectives: {
    readonly availabilityPercent: number;
    readonly requestSeconds: number;
    readonly requestPercent: number;
  };
}

/** A value as a sum shows it. */
export const round = (value: number): number => Number(value.toFixed(4));

/** A setting with its value, as an alert names it. */
export const setting = (path: string, value: string | number) => ({ name: `netra:${path}`, value });

export const saturation = ({ monitoring }: Monitored) =>
  setting("monitoring.saturationShare", monitoring.saturationShare);

/** A filter's restriction to one service. */
export const ofService = (name: string) => `resource.labels.service_name="${name}"`;
/** A filter's restriction to several services. */
export const ofServices = (names: readonly string[]) =>
  `resource.labels.service_name=one_of(${names.map((name) => `"${name}"`).join(", ")})`;
/** A filter's restriction to all services of the plan. */
export const ofAllServices = ({ services }: Pick<Monitored, "services">) =>
  ofServices(Object.values(services).map(({ name }) => name));
