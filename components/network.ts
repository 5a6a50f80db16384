import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { APIS, FIRST_API } from "../config/apis";

export interface NetworkArgs {
  /** The project whose APIs are enabled. */
  readonly project: string;
  readonly region: string;
  readonly vpc: string;
  readonly subnet: string;
  readonly subnetCidr: string;
  /** Name and range for Google's managed services: Cloud SQL gets its private address from it. */
  readonly privateServicesRange: string;
  readonly privateServicesCidr: string;
  /** Cloud NAT: needed only if a service sends all its traffic through the VPC. Default: none. */
  readonly nat?: { readonly name: string; readonly minPortsPerVm: number } | undefined;
}

/**
 * The VPC: enabled APIs, network, subnet with Private Google Access, the private services range and its connection, and
 * optionally Cloud NAT. Cost: only NAT's (about 1 USD a month per VM behind it).
 */
export class Network extends pulumi.ComponentResource {
  /** The network's full id, `projects/P/global/networks/N`. */
  readonly id: pulumi.Output<string>;
  readonly name: pulumi.Output<string>;
  /** A database with a private address depends on it. */
  readonly servicesConnection: gcp.servicenetworking.Connection;
  /** Every resource of an API depends on them. */
  readonly apis: readonly gcp.projects.Service[];

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("netra:staging:Network", name, {}, opts);
    const parent = { parent: this };
    const enabled = (api: string, options: pulumi.CustomResourceOptions = {}) =>
      // APIs stay enabled on destroy, because other programs in the project use them.
      new gcp.projects.Service(
        `api-${api}`,
        { project: args.project, service: `${api}.googleapis.com`, disableOnDestroy: false },
        { ...parent, ...options },
      );
    const first = enabled(FIRST_API);
    this.apis = [first, ...APIS.filter((api) => api !== FIRST_API).map((api) => enabled(api, { dependsOn: [first] }))];
    const network = new gcp.compute.Network(
      args.vpc,
      { name: args.vpc, autoCreateSubnetworks: false, routingMode: "REGIONAL" },
      { ...parent, dependsOn: [...this.apis], protect: true },
    );
    new gcp.compute.Subnetwork(
      args.subnet,
      {
        name: args.subnet,
        region: args.region,
        network: network.id,
        ipCidrRange: args.subnetCidr,
        privateIpGoogleAccess: true,
      },
      parent,
    );
    const [address, prefix] = args.privateServicesCidr.split("/");
    const range = new gcp.compute.GlobalAddress(
      args.privateServicesRange,
      {
        name: args.privateServicesRange,
        purpose: "VPC_PEERING",
        addressType: "INTERNAL",
        address: address ?? "",
        prefixLength: Number(prefix),
        network: network.id,
      },
      parent,
    );
    this.servicesConnection = new gcp.servicenetworking.Connection(
      `${args.vpc}-services`,
      { network: network.id, service: "servicenetworking.googleapis.com", reservedPeeringRanges: [range.name] },
      parent,
    );
    if (args.nat) addNat(args.nat, args.region, network, parent);
    this.id = network.id;
    this.name = network.name;
    this.registerOutputs({ id: this.id, name: this.name });
  }
}

function addNat(
  nat: NonNullable<NetworkArgs["nat"]>,
  region: string,
  network: gcp.compute.Network,
  parent: pulumi.CustomResourceOptions,
) {
  const router = new gcp.compute.Router(
    `${nat.name}-router`,
    { name: `${nat.name}-router`, region, network: network.id },
    parent,
  );
  new gcp.compute.RouterNat(
    nat.name,
    {
      name: nat.name,
      router: router.name,
      region,
      natIpAllocateOption: "AUTO_ONLY",
      sourceSubnetworkIpRangesToNat: "ALL_SUBNETWORKS_ALL_IP_RANGES",
      minPortsPerVm: nat.minPortsPerVm,
      logConfig: { enable: true, filter: "ERRORS_ONLY" },
    },
    parent,
  );
}
