import { directEgressSubnet } from "./direct-egress-subnet";
import { egressPath } from "./egress-path";
import { natAddresses } from "./nat-addresses";
import { privateNetworkPath } from "./private-network-path";
import { privateServicesConnection } from "./private-services-connection";
import { privateServicesRange } from "./private-services-range";
import { rangesDoNotOverlap } from "./ranges-do-not-overlap";

export const networkRules = [
  directEgressSubnet,
  egressPath,
  natAddresses,
  privateNetworkPath,
  privateServicesConnection,
  privateServicesRange,
  rangesDoNotOverlap,
] as const;
