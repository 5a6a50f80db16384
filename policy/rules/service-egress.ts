import { pathFault } from "../../capacity/budget";
import { problem } from "../../capacity/problem";
import { socketInstances } from "../database-clients";
import { resourceRule } from "../rule";
import { egressOf, vpcAccessOf } from "../vpc-access";
import { WORKLOAD_TYPES, workloadOf } from "../workload";

export const serviceEgress = resourceRule({
  name: "service-egress",
  info: "A workload on the built-in Cloud SQL socket sends only private ranges through the VPC.",
  why: "The socket dials the database's public address: with all traffic in the VPC that was the incident's outage, at any size.",
  severity: "critical",
  remediation: "Set template.vpcAccess.egress to PRIVATE_RANGES_ONLY, or use the database's private address.",
  types: WORKLOAD_TYPES,
  judge(resource, { refuse }) {
    const workload = workloadOf(resource);
    if (!workload) return;
    const egress = egressOf(workload);
    if (!socketInstances(workload).mounted) return;
    // Whether there is Cloud NAT, and where the database is, only the whole stack knows: assumed in the workload's favour.
    const fault = pathFault({ egress, viaSocket: true, hasVpc: true, hasNat: true, databaseIsPrivate: false });
    if (!fault) return;
    const { inputs, keys } = vpcAccessOf(workload);
    const written = inputs.text(keys.egress);
    const fix = workload.kind === "v1 service" ? "private-ranges-only" : "PRIVATE_RANGES_ONLY";
    refuse(problem({ setting: inputs.at(keys.egress), value: written, must: `be ${fix}`, because: fault, fix }));
  },
});
