import { pathFault } from "../../capacity/budget";
import { problem } from "../../capacity/problem";
import { addressesOf } from "../database";
import { databaseContainers } from "../database-clients";
import { isDatabaseHost } from "../database-names";
import { databasesOf, usesSocket } from "../database-of";
import { type StackResource, stackRule } from "../rule";
import { SQL_INSTANCE } from "../types";
import { vpcAccessOf } from "../vpc-access";
import { type Container, WORKLOAD_TYPES, type Workload, workloadOf } from "../workload";

export const databasePath = stackRule({
  name: "database-path",
  info: "A workload's way to its database leads to an address that the database has.",
  why: "The built-in socket dials the public address and a private address needs the VPC: otherwise every connect times out, at any size.",
  severity: "critical",
  remediation: "Set POSTGRES_HOST to the instance's private address and template.vpcAccess.connector to a connector; remove the Cloud SQL volume.",
  judge(resources, { refuse, cannotEvaluate, attempt }) {
    const instances = resources.filter(({ type }) => type === SQL_INSTANCE);
    for (const resource of resources.filter(({ type }) => WORKLOAD_TYPES.includes(type)))
      attempt(resource, () => {
        const workload = workloadOf(resource);
        for (const container of workload ? databaseContainers(workload) : [])
          attempt(resource, () => {
            if (!workload) return;
            const used = databasesOf(resource, workload, container, resources);
            const faultOf = (instance: StackResource) => faultWith(instance, workload, container);
            for (const instance of used?.instances ?? []) {
              const because = faultOf(instance);
              if (because) refuse(problem({ ...wayOf(workload, container), must: `lead to an address of ${instance.name}`, because }), resource);
            }
            if (!used && instances.some(faultOf))
              cannotEvaluate(
                `which of the stack's database instances ${workload.label} uses cannot be told, and not all can be reached its way; add the instance to 'dependsOn'`,
                resource,
              );
          });
      });
  },
});

function faultWith(instance: StackResource, workload: Workload, container: Container): string | undefined {
  const viaSocket = usesSocket(workload, container);
  // `service-vpc-path` sees a workload that is told an address, or whose access to the VPC is empty, on the resource itself.
  const isSeen = workload.pod.mayHave("vpcAccess") || container.variables.some(({ name }) => isDatabaseHost(name));
  const hasVpc = viaSocket || isSeen || vpcAccessOf(workload).connected;
  return pathFault({ egress: "private-ranges-only", viaSocket, hasVpc, hasNat: true, databaseIsPrivate: !addressesOf(instance).isPublic });
}

function wayOf(workload: Workload, container: Container): { setting: string; value: string | undefined; fix: string } {
  if (!usesSocket(workload, container))
    return { setting: vpcAccessOf(workload).inputs.at(vpcAccessOf(workload).keys.connector), value: undefined, fix: "the connector's id" };
  return {
    setting: `${container.inputs.at("envs")}[POSTGRES_HOST]`,
    value: "the built-in socket",
    fix: "the instance's private address, and remove the Cloud SQL volume",
  };
}
