import { NO_NAT, pathFault } from "../../capacity/budget";
import { problem } from "../../capacity/problem";
import { isPrivateAddress } from "../../capacity/ranges";
import { addressesOf } from "../database";
import { databaseContainers, socketInstances } from "../database-clients";
import { databasesOf, toldAddresses, usesSocket } from "../database-of";
import { natRemedy, servesInternet } from "../nat";
import { stackRule } from "../rule";
import { SQL_INSTANCE } from "../types";
import { egressOf, vpcAccessOf } from "../vpc-access";
import { regionsOf, WORKLOAD_TYPES, workloadOf } from "../workload";

export const egressPath = stackRule({
  name: "egress-path",
  info: "A workload that sends all traffic into the VPC has Cloud NAT in its region and reaches its database at a private address.",
  why: "All traffic in the VPC without NAT, and the database on a public path, is what broke staging: every start fails, at any size.",
  severity: "critical",
  remediation: "Set template.vpcAccess.egress to PRIVATE_RANGES_ONLY, or add a gcp.compute.RouterNat and use the database's private address.",
  judge(resources, { refuse, cannotEvaluate, attempt }) {
    const instances = resources.filter(({ type }) => type === SQL_INSTANCE);
    for (const resource of resources.filter(({ type }) => WORKLOAD_TYPES.includes(type)))
      attempt(resource, () => {
        const workload = workloadOf(resource);
        // In outputs a preview does not know an egress that the program left out; `service-egress` reads the input.
        const known = workloadOf({ ...resource, properties: resource.properties.knownOnly() });
        if (!workload || !known || egressOf(known) !== "all-traffic") return;
        const { inputs, keys } = vpcAccessOf(known);
        const [setting, fix] = [inputs.at(keys.egress), workload.kind === "v1 service" ? "private-ranges-only" : "PRIVATE_RANGES_ONLY"];
        const fault = (path: { hasNat?: boolean; viaSocket?: boolean; databaseIsPublic?: boolean }) =>
          pathFault({ egress: "all-traffic", viaSocket: false, hasVpc: true, hasNat: true, databaseIsPrivate: false, ...path });
        const judge = (because: string | undefined, otherwise: string, cause?: string) => {
          if (because)
            refuse(problem({ setting, value: inputs.text(keys.egress), must: `be ${fix}`, because, fix: `${fix}, or ${otherwise}`, cause }), resource);
        };
        for (const region of regionsOf(workload))
          judge(fault({ hasNat: resources.some((nat) => servesInternet(nat, region, workload, resources)) }), natRemedy(region, workload, resources), NO_NAT);
        // A mounted socket is refused by `service-egress`, before the provider is called.
        for (const container of socketInstances(workload).mounted ? [] : databaseContainers(workload))
          attempt(resource, () => {
            const viaSocket = usesSocket(workload, container);
            const used = databasesOf(resource, workload, container, resources);
            for (const instance of used?.instances ?? [])
              judge(fault({ viaSocket, databaseIsPublic: !addressesOf(instance).isPrivate }), `give ${instance.name} a private address and use that`);
            const told = toldAddresses(workload, container);
            const isTold = told.length > 0 && told.every(isPrivateAddress);
            if (used ? used.outside && !isTold : instances.some((instance) => !addressesOf(instance).isPrivate))
              cannotEvaluate(
                `'${setting}' is all traffic, and whether ${workload.label} reaches its database at a private address cannot be told; set it to ${fix}, or POSTGRES_HOST to the private address`,
                resource,
              );
          });
      });
  },
});
