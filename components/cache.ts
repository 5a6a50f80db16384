import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { usesPrivateServices } from "../capacity/constraints/redis";
import { problem } from "../capacity/problem";
import { knownAfterUpdate } from "./after-update";

export interface CacheArgs {
  readonly name: string;
  readonly region: string;
  /** The network's full id. */
  readonly network: pulumi.Input<string>;
  readonly labels: Readonly<Record<string, string>>;
  readonly version: string;
  readonly memoryGb: number;
  /** Cannot change in place. */
  readonly connectMode: string;
  /** The range that the instance uses. Applies only at creation. Default: Google chooses one. */
  readonly reservedIpRange?: string | undefined;
  /** The enabled APIs; with PRIVATE_SERVICE_ACCESS also the services connection. */
  readonly waitsFor: readonly pulumi.Resource[];
}

/** Memorystore Redis with AUTH. Cost: 35.77 USD a month per GB (BASIC). */
export class Cache extends pulumi.ComponentResource {
  readonly host: pulumi.Output<string>;
  readonly port: pulumi.Output<number>;
  /** The AUTH string: the value of the Redis password secret. */
  readonly authString: pulumi.Output<string>;

  constructor(name: string, args: CacheArgs, opts?: pulumi.ComponentResourceOptions) {
    super("netra:staging:Cache", name, {}, opts);
    const instance = new gcp.redis.Instance(
      args.name,
      {
        name: args.name,
        region: args.region,
        tier: "BASIC",
        memorySizeGb: args.memoryGb,
        redisVersion: args.version,
        connectMode: args.connectMode,
        authorizedNetwork: args.network,
        authEnabled: true,
        labels: { ...args.labels },
        ...(args.reservedIpRange === undefined ? {} : { reservedIpRange: args.reservedIpRange }),
      },
      // The provider does not read the range back, and adding it replaces the instance: an adopted one would be lost
      // (config/adoption.ts, NOT_READ_BACK).
      { parent: this, protect: true, dependsOn: [...args.waitsFor], ignoreChanges: ["reservedIpRange"] },
    );
    warnOfAnotherRange(instance, args);
    this.host = instance.host;
    this.port = instance.port;
    this.authString = pulumi.secret(knownAfterUpdate(instance.authString));
    this.registerOutputs({ host: this.host, port: this.port });
  }
}

/** A new range in the stack file has no effect after creation, so it is reported. */
function warnOfAnotherRange(
  { effectiveReservedIpRange }: gcp.redis.Instance,
  { connectMode, reservedIpRange }: CacheArgs,
): void {
  if (reservedIpRange === undefined || usesPrivateServices({ connectMode })) return;
  effectiveReservedIpRange.apply((range) => {
    if (!range || range === reservedIpRange) return; // the state of an older provider has none
    const because = "the instance has that range until it is replaced";
    void pulumi.log.warn(
      problem({
        setting: "netra:cache.reservedIpRange",
        value: reservedIpRange,
        must: `be ${range}`,
        because,
        fix: range,
      }).message,
    );
  });
}
