import { problem } from "../../../capacity/problem";
import { resourceRule } from "../../framework/rule";
import { privatelyDialled } from "../../resources/endpoints";
import { vpcAccessOf } from "../../resources/vpc-access";
import { WORKLOAD_TYPES, type Workload, workloadOf } from "../../resources/workload";

export const serviceVpcPath = resourceRule({
  name: "service-vpc-path",
  info: "A workload that is configured with a private address, of a database, a cache or anything else, has VPC access.",
  why: "A private address is reachable only through the VPC: without a connector every dial times out, whatever the size.",
  severity: "high",
  remediation: "Set template.vpcAccess.connector to the connector's id.",
  types: WORKLOAD_TYPES,
  judge(resource, { refuse }) {
    const workload = workloadOf(resource);
    const because = workload && missingVpcAccess(workload);
    if (!because) return;
    const { inputs, keys } = vpcAccessOf(workload);
    refuse(
      problem({
        setting: inputs.at(keys.connector),
        value: undefined,
        must: "name a connector unless there are network interfaces",
        because,
        fix: "the connector's id",
      }),
    );
  },
});

/**
 * The reason why a workload needs VPC access, from the resource alone; `undefined`: it has access, or nothing shows a
 * need.
 */
export function missingVpcAccess(workload: Workload): string | undefined {
  const { inputs, keys, connected } = vpcAccessOf(workload);
  if (connected) return undefined;
  if (workload.pod.mayHave("vpcAccess") || Object.values(keys).some((key) => inputs.mayHave(key)))
    return "access to the VPC without either leads nowhere";
  const [endpoint] = workload.containers.flatMap(({ variables }) => privatelyDialled(variables));
  return endpoint && `'${endpoint.setting}' is a private address, which is reachable only through the VPC`;
}
