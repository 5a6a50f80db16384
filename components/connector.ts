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
  /** VMs that carry a start-up storm: the connector scales out only after a storm has ended. 2 to 9. */
  readonly minInstances: number;
  /** 3 to 10, above the minimum. Can only grow in place. */
  readonly maxInstances: number;
  /** The enabled APIs. A component's `dependsOn` would not reach the resource inside. */
  readonly waitsFor: readonly pulumi.Resource[];
}

/**
 * The Serverless VPC Access connector, sized by instances and never by throughput (which forces replacements).
 * Protected: with an explicit name every replacement deletes first, while services still use it.
 * Cost: `minInstances` VMs, 6.11 USD a month each as e2-micro.
 *
 * Google now recommends direct VPC egress. It is not used here: traffic of a new instance waits 20 to 60 s, which a
 * start-up storm does not allow (docs/decisions/connector.md).
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
