import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
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
  /** The range the instance uses. Default: Google chooses one. */
  readonly reservedIpRange?: string | undefined;
  /** The enabled APIs. */
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
      { parent: this, protect: true, dependsOn: [...args.waitsFor] },
    );
    this.host = instance.host;
    this.port = instance.port;
    this.authString = pulumi.secret(knownAfterUpdate(instance.authString));
    this.registerOutputs({ host: this.host, port: this.port });
  }
}
