import { databasePath as pathTo } from "../../../capacity/constraints/path";
import { problem } from "../../../capacity/problem";
import { SQL_INSTANCE } from "../../../config/resource-types";
import { type StackContext, type StackResource, stackRule } from "../../framework/rule";
import { ofTypes } from "../../framework/stack-resources";
import { databaseContainers } from "../../resources/database-containers";
import { databaseRouteOf, proxySetting } from "../../resources/database-route";
import { cachesOf, otherDatabasesOf } from "../../resources/private-stores";
import { databasesOf } from "../../resources/used-databases";
import { vpcAccessOf } from "../../resources/vpc-access";
import { type Container, WORKLOAD_TYPES, type Workload, workloadOf } from "../../resources/workload";
import { missingVpcAccess } from "../service/service-vpc-path";

export const databasePath = stackRule({
  name: "database-path",
  info: "A workload's network path leads to every database and cache that it uses.",
  why: "A private address is reachable only through the VPC, and a proxy cannot dial an address that the database lacks: every connect times out, whatever the size.",
  severity: "critical",
  remediation:
    "Set template.vpcAccess.connector to a connector, and a proxy's options to the address that the database has.",
  judge(resources, context) {
    for (const resource of ofTypes(resources, ...WORKLOAD_TYPES))
      context.attempt(resource, () => {
        const workload = workloadOf(resource);
        if (!workload) return;
        const databases = databaseContainers(workload).flatMap(
          (container) =>
            context.attempt(resource, () => databasesBehindVpc(resource, workload, container, resources, context)) ??
            [],
        );
        const { inputs, keys, connected } = vpcAccessOf(workload);
        // `service-vpc-path` refuses what the resource itself shows.
        if (connected || missingVpcAccess(workload)) return;
        const targets = [
          ...new Set([
            ...databases,
            ...otherDatabasesOf(resource, workload, resources),
            ...cachesOf(resource, workload, resources),
          ]),
        ];
        if (targets.length > 0)
          context.refuse(
            problem({
              setting: inputs.at(keys.connector),
              value: undefined,
              must: `lead to ${targets.map(({ name }) => name).join(" and ")}`,
              because: "a private address is reachable only through the VPC, and the workload has no VPC access",
              fix: "the connector's id, or add network interfaces",
            }),
            resource,
          );
      });
  },
});

/** The databases that a container cannot reach because it has no VPC access. Other obstacles are refused here. */
function databasesBehindVpc(
  resource: StackResource,
  workload: Workload,
  container: Container,
  resources: readonly StackResource[],
  { refuse, cannotEvaluate }: StackContext<object>,
): StackResource[] {
  const faultOf = (instance: StackResource) => {
    const route = databaseRouteOf(resource, workload, container, instance, resources);
    const fault = route && pathTo(route).fault;
    // `egress-path` judges egress.
    return fault?.lever === "egress" ? undefined : fault;
  };
  const used = databasesOf(resource, workload, container, resources);
  if (!used) {
    if (!missingVpcAccess(workload) && ofTypes(resources, SQL_INSTANCE).some(faultOf))
      cannotEvaluate(
        `which of the stack's database instances ${workload.label} uses is not known, and not all of them can be reached on its path; add the instance to 'dependsOn'`,
        resource,
      );
    return [];
  }
  return used.instances.filter((instance) => {
    const fault = faultOf(instance);
    if (fault?.lever === "address")
      refuse(
        problem({
          ...proxySetting(workload),
          must: `dial an address that ${instance.name} has`,
          because: fault.because,
        }),
        resource,
      );
    return fault?.lever === "vpcAccess";
  });
}
