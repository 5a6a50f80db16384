import { connectorFloor } from "./connector-floor";
import { connectorInstanceCounts } from "./connector-instance-counts";
import { connectorMachineType } from "./connector-machine-type";
import { connectorName } from "./connector-name";
import { connectorRange } from "./connector-range";
import { connectorRegion } from "./connector-region";
import { connectorSubnet } from "./connector-subnet";

export const connectorRules = [
  connectorFloor,
  connectorInstanceCounts,
  connectorMachineType,
  connectorName,
  connectorRange,
  connectorRegion,
  connectorSubnet,
] as const;
