import { parseTier } from "../../capacity/constraints/cloudsql";
import { cloudSqlLimits } from "../../capacity/limits";
import { connectionsPerInstance } from "../../capacity/plan";
import { ifReadable } from "../framework/inputs";
import type { StackResource } from "../framework/rule";
import type { CountedClient } from "./counted-clients";
import { settingsOf } from "./database";
import { databasePorts } from "./sidecars";

/**
 * The client as its database sees it: behind Cloud SQL's managed pooling it holds at most the pools of its database and
 * user, however many instances it has. Only a client that connects to the pooler's port is behind it.
 */
export function throughManagedPool(client: CountedClient, instance: StackResource | undefined): CountedClient {
  const { port } = cloudSqlLimits.managedPooling.value;
  const pool =
    instance && databasePorts(client.container).every((stated) => stated === String(port))
      ? ifReadable(() => managedPoolOf(instance))
      : undefined;
  const demand = (client.instances + client.overlap) * connectionsPerInstance(client);
  if (!pool || pool.poolers * pool.size >= demand) return client;
  const { setting, poolers, size } = pool;
  const { settings } = client.plan;
  return {
    ...client,
    ...{ label: `${client.label} through managed pooling`, instances: 1, overlap: 0 },
    ...{ poolSize: size, maxOverflow: 0, workers: poolers, startupConnections: size },
    plan: { settings: { ...settings, poolSize: setting } },
  };
}

/** The number of an instance's poolers and the size of the pool in each; `undefined` if it has none. */
function managedPoolOf(
  instance: StackResource,
): { readonly setting: string; readonly poolers: number; readonly size: number } | undefined {
  const { vcpusPerPooler, maxPoolSize } = cloudSqlLimits.managedPooling.value;
  const settings = settingsOf(instance);
  const config = settings.list("connectionPoolConfigs").find((pool) => pool.flag("connectionPoolingEnabled") === true);
  const tier = parseTier(settings.text("tier") ?? "");
  if (!config || !tier) return undefined;
  const size = config.list("flags").find((flag) => flag.text("name") === "max_pool_size");
  return {
    setting: `${config.at("flags")}[max_pool_size]`,
    poolers: Math.max(1, Math.ceil(tier.vcpus / vcpusPerPooler)),
    size: size?.number("value") ?? maxPoolSize,
  };
}
