import { databasePath, egressAdvice, NO_NAT } from "../../../capacity/constraints/path";
import { problem } from "../../../capacity/problem";
import { SQL_INSTANCE } from "../../../config/resource-types";
import { type StackContext, type StackResource, stackRule } from "../../framework/rule";
import { ofTypes } from "../../framework/stack-resources";
import { databaseContainers } from "../../resources/database-containers";
import {
  databaseRouteOf,
  databaseRouteOutside,
  regionsWithoutNat,
  workloadEgress,
} from "../../resources/database-route";
import { natRemedy } from "../../resources/nat";
import { databasesOf } from "../../resources/used-databases";
import { privateRangesOnly, vpcAccessOf } from "../../resources/vpc-access";
import { type Container, WORKLOAD_TYPES, type Workload, workloadOf } from "../../resources/workload";

export const egressPath = stackRule({
  name: "egress-path",
  info: "A workload that sends all traffic into the VPC reaches its database from there: at a private address, or through Cloud NAT in its region.",
  why: "This broke staging: all traffic went into a VPC without NAT, the database had a public path, and every start failed, whatever the size.",
  severity: "critical",
  remediation:
    "Set template.vpcAccess.egress to PRIVATE_RANGES_ONLY, or add a gcp.compute.RouterNat in the workload's region.",
  judge(resources, context) {
    for (const resource of ofTypes(resources, ...WORKLOAD_TYPES))
      context.attempt(resource, () => {
        const workload = workloadOf(resource);
        const advice = workload && egressAdvice(workloadEgress(resource, workload, resources));
        if (!workload || !advice) return;
        const { inputs, keys } = vpcAccessOf(workload);
        const fix = privateRangesOnly(workload);
        const [setting, value] = [inputs.at(keys.egress), inputs.text(keys.egress)];
        const nats = regionsWithoutNat(workload, resources).map((region) => natRemedy(region, workload, resources));
        const wrong = (because: string) =>
          problem({
            setting,
            value,
            must: `be ${fix}`,
            because,
            fix: `${fix}, or ${nats.join(" and ")}`,
            cause: NO_NAT,
          });
        const paths = databaseContainers(workload).flatMap(
          (container) =>
            context.attempt(resource, () => [pathOf(resource, workload, container, resources, setting, context)]) ?? [],
        );
        const faults = new Set(paths.flatMap((path) => (path === "open" || path === "unclear" ? [] : path.because)));
        for (const because of faults) context.refuse(wrong(because), resource);
        // A start needs nothing from the internet; what requests need is not in the program.
        if (faults.size === 0 && !paths.includes("unclear")) context.advise(wrong(advice), resource);
      });
  },
});

/** Whether egress lets a container reach its database; an unknown path is reported. */
function pathOf(
  resource: StackResource,
  workload: Workload,
  container: Container,
  resources: readonly StackResource[],
  setting: string,
  { cannotEvaluate }: StackContext<object>,
): "open" | "unclear" | { readonly because: string } {
  const used = databasesOf(resource, workload, container, resources);
  const candidates = used?.instances ?? ofTypes(resources, SQL_INSTANCE);
  const inside = candidates.map((instance) => databaseRouteOf(resource, workload, container, instance, resources));
  const outside =
    used?.outside || inside.includes(undefined)
      ? databaseRouteOutside(resource, workload, container, resources)
      : undefined;
  const faults = [...inside, outside].flatMap((route) => {
    const fault = route && databasePath(route).fault;
    return fault?.lever === "egress" ? [fault] : [];
  });
  if (used && faults[0]) return faults[0];
  if (faults.length === 0 && (!used?.outside || outside)) return "open";
  cannotEvaluate(
    `'${setting}' is all traffic, and whether ${workload.label} reaches its database at a private address is not known; set it to ${privateRangesOnly(workload)}, or set the private address literally`,
    resource,
  );
  return "unclear";
}
