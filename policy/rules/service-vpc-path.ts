import { pathFault } from "../../capacity/budget";
import { problem } from "../../capacity/problem";
import { socketInstances } from "../database-clients";
import { isDatabaseHost } from "../database-names";
import { resourceRule } from "../rule";
import { vpcAccessOf } from "../vpc-access";
import { WORKLOAD_TYPES, type Workload, workloadOf } from "../workload";

export const serviceVpcPath = resourceRule({
  name: "service-vpc-path",
  info: "A workload that is told its database's private address has a way into the VPC.",
  why: "A private address is only reached through the VPC: without a connector every dial times out, at any size.",
  severity: "high",
  remediation: "Set template.vpcAccess.connector to the connector's id.",
  types: WORKLOAD_TYPES,
  judge(resource, { refuse }) {
    const workload = workloadOf(resource);
    if (!workload) return;
    const { inputs, keys, connected } = vpcAccessOf(workload);
    if (connected) return;
    const setting = inputs.at(keys.connector);
    const wrong = (must: string, because: string) => refuse(problem({ setting, value: undefined, must, because, fix: "the connector's id" }));
    if (workload.pod.has("vpcAccess") || Object.values(keys).some((key) => inputs.has(key)))
      wrong("name a connector unless there are network interfaces", "access to the VPC without either leads nowhere");
    else if (hasDatabaseAddress(workload) && !socketInstances(workload).mounted)
      wrong(
        "name a connector unless there are network interfaces",
        pathFault({ egress: "private-ranges-only", viaSocket: false, hasVpc: false, hasNat: false, databaseIsPrivate: true }) ?? "",
      );
  },
});

const hasDatabaseAddress = ({ containers }: Workload) => containers.some(({ variables }) => variables.some(({ name }) => isDatabaseHost(name)));
