import * as pulumi from "@pulumi/pulumi";
import { usesPrivateServices } from "./capacity/constraints/redis";
import { InputError, type Problem } from "./capacity/problem";
import { judgePlan } from "./capacity/verdict";
import { Cache } from "./components/cache";
import { Connector } from "./components/connector";
import { Database } from "./components/database";
import { DatabaseRoles } from "./components/database-roles";
import { Edge } from "./components/edge";
import { importing } from "./components/importing";
import { Migrations } from "./components/migrations";
import { Monitoring } from "./components/monitoring";
import { Network } from "./components/network";
import { Secrets } from "./components/secrets";
import { Service } from "./components/service";
import { withoutDeletionProtection } from "./components/teardown";
import { leftOutOfImports } from "./config/adoption";
import { planOf, readSettings } from "./config/read";
import { channelTokensOfRun, configurationOfRun } from "./config/run";
import type { ServiceSettings, Settings } from "./config/schema";

export { configurationOfRun };

/** The stack's outputs for the operator. */
export interface Outputs {
  readonly connector: pulumi.Output<string>;
  readonly databaseAddress: pulumi.Output<string>;
  readonly edgeAddress?: pulumi.Output<string>;
  /** Each service's URL. */
  readonly urls: Readonly<Record<string, pulumi.Input<string>>>;
}

/** A readable plan that cannot work: all problems at once, without a stack trace. */
export class UnsoundPlanError extends pulumi.RunError {
  constructor(readonly problems: readonly Problem[]) {
    super(
      `The capacity plan is refused, nothing was registered:\n${problems.map(({ message }) => `  ${message}`).join("\n")}`,
    );
  }
}

/**
 * The program: reads the stack's configuration, refuses an unsound plan before it registers anything, and declares the
 * resources.
 */
export function staging(): Outputs {
  const settings = settingsOfRun();
  const { problems } = judgePlan(planOf(settings));
  if (problems.length > 0) throw new UnsoundPlanError(problems);
  for (const sentence of leftOutOfImports(settings)) void pulumi.log.info(sentence);
  return declare(settings);
}

function settingsOfRun(): Settings {
  try {
    return readSettings(configurationOfRun());
  } catch (error) {
    if (error instanceof InputError)
      throw new pulumi.RunError(`The stack's configuration has problems, nothing was registered:\n${error.message}`);
    throw error;
  }
}

/** Registers every resource of the settings, even of an unsound plan, which `check` judges, too. */
export function declare(settings: Settings): Outputs {
  pulumi.runtime.registerStackTransformation(importing(settings));
  if (settings.teardown) pulumi.runtime.registerStackTransformation(withoutDeletionProtection);
  const { project, region, network: net, connector: conn, database: db } = settings;
  const labels = { environment: pulumi.getStack(), project: "netra", managed_by: "pulumi", team: "platform" };
  const network = new Network("network", { ...net, project, region });
  const { apis: waitsFor, servicesConnection } = network;
  const connector = new Connector("connector", { ...conn, region, network: network.name, waitsFor });
  const database = new Database("database", { ...db, region, network: network.id, servicesConnection, labels });
  const cacheWaitsFor = usesPrivateServices(settings.cache) ? [...waitsFor, servicesConnection] : waitsFor;
  const cache = new Cache("cache", { ...settings.cache, region, network: network.id, labels, waitsFor: cacheWaitsFor });
  const secrets = new Secrets("secrets", { secrets: settings.secrets, redisAuth: cache.authString, labels, waitsFor });
  const common = { plan: settings, region, labels, connector: connector.id, apis: network.apis };
  const ready = [connector.connector, database.database];
  const roles = new DatabaseRoles("database-roles", { ...common, database, secrets, waitsFor: ready });
  const migrations =
    settings.migrations && new Migrations("migrations", { ...common, roles, cache, secrets, waitsFor: ready });
  const jobs = [roles, migrations].flatMap((ran) => ran?.job ?? []);

  const services = new Map<string, Service>();
  const declareService = (key: string, { after, cache: usesCache, ...service }: ServiceSettings): Service => {
    const references = secrets.mountedBy(service);
    // What an earlier service waits for is not repeated: the edges would grow with the square of the services.
    const earlier = new Set(after.flatMap((other) => settings.services[other]?.after ?? []));
    const before = after.flatMap((other) => (earlier.has(other) ? [] : (services.get(other) ?? [])));
    return new Service(key, {
      ...service,
      ...common,
      project,
      secrets: references,
      databaseLocation: roles.locationFor(key),
      ...(usesCache ? { cacheLocation: cache } : {}),
      waitsFor: [...ready, ...jobs, ...before, ...Object.values(references).map((reference) => reference.ready)],
    });
  };
  for (const [key, service] of Object.entries(settings.services)) services.set(key, declareService(key, service));
  const edge =
    settings.edge && new Edge("edge", { ...settings.edge, plan: settings, services, region, labels, waitsFor });
  new Monitoring("monitoring", {
    plan: settings,
    tokens: channelTokensOfRun(),
    labels,
    waitsFor,
    afterServices: [...services.values()].map(({ service }) => service),
  });
  return {
    connector: connector.id,
    databaseAddress: database.privateAddress,
    ...(edge ? { edgeAddress: edge.address } : {}),
    urls: Object.fromEntries([...services].map(([key, { url }]) => [key, edge?.urls[key] ?? url])),
  };
}
