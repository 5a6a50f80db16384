import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";

export interface ConnectorArgs {
  /** Explicit: an automatic name exceeds the 20 characters (hyphens twice) that Google accepts. */
  readonly name: string;
  readonly region: string;
  readonly network: pulumi.Input<string>;
  /** A /28 that nothing else uses. */
  readonly ipCidrRange: string;
  readonly machineType: string;
  /** VMs that carry a start-up storm: the connector scales out later than a storm lasts. 2 to 9. */
  readonly minInstances: number;
  /** 3 to 10, above the minimum. Can only grow in place. */
  readonly maxInstances: number;
  /** The enabled APIs. A component's own `dependsOn` would not reach the resource inside. */
  readonly waitsFor: readonly pulumi.Resource[];
}

/**
 * The Serverless VPC Access connector, sized by instances and never by throughput (which forces replacements).
 * Protected: an explicit name makes every replacement delete first, while services still point at it.
 * Cost: `minInstances` VMs, 6.11 USD a month each as e2-micro.
 *
 * Direct VPC egress is Google's newer recommendation and was weighed: a fresh instance waits 20 to 60 s before its
 * traffic passes, which is exactly the time a start-up storm does not have.
 */
export class Connector extends pulumi.ComponentResource {
  /** The connector's full id, for `vpcAccess.connector`. */
  readonly id: pulumi.Output<string>;
  readonly connector: gcp.vpcaccess.Connector;

  constructor(name: string, args: ConnectorArgs, opts?: pulumi.ComponentResourceOptions) {
    super("netra:staging:Connector", name, {}, opts);
    const { name: connectorName, region, network, ipCidrRange, machineType, minInstances, maxInstances } = args;
    this.connector = new gcp.vpcaccess.Connector(
      connectorName,
      { name: connectorName, region, network, ipCidrRange, machineType, minInstances, maxInstances },
      { parent: this, protect: true, dependsOn: [...args.waitsFor] },
    );
    this.id = this.connector.id;
    this.registerOutputs({ id: this.id });
  }
}
