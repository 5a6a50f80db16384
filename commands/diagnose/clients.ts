import { Inputs } from "../../policy/framework/inputs";
import { databaseContainers } from "../../policy/resources/database-containers";
import { knownValue } from "../../policy/resources/database-names";
import { isLocal, isProxy } from "../../policy/resources/sidecars";
import { databaseAddresses, usesSocket } from "../../policy/resources/used-databases";
import type { Container, Workload } from "../../policy/resources/workload";
import type { Collection } from "../shared/cloud/classify";
import { type Deployed, workloadIn } from "../shared/cloud/deployed";
import type { Location } from "../shared/cloud/sources";

/* How deployed workloads connect to databases. A command that closes a path counts unknown clients as users of it. */

interface Client {
  readonly workload: Workload;
  readonly container: Container;
}

const clientsIn = (deployed: readonly Deployed[], location: Location): Client[] =>
  deployed.flatMap((resource) => {
    const workload = workloadIn(resource, location);
    return workload ? databaseContainers(workload).map((container) => ({ workload, container })) : [];
  });

/** Whether all services and jobs are listed, so that no database client among them is missed. */
export const areWorkloadsListed = ({ listed }: Collection): boolean => listed.has("services") && listed.has("jobs");

/** Whether every deployed client uses the instance's private address only. */
export function usesPrivateAddressOnly(
  { outputs }: Deployed,
  deployed: readonly Deployed[],
  location: Location,
): boolean {
  const address = new Inputs(outputs).text("privateIpAddress");
  return clientsIn(deployed, location).every(({ workload, container }) => {
    const addresses = databaseAddresses(workload, container);
    return (
      !usesSocket(workload, container) &&
      !workload.containers.some(isProxy) &&
      addresses.length > 0 &&
      addresses.every((one) => one === address)
    );
  });
}

/** Why a workload with all-traffic egress and no Cloud NAT does not reach its database, in short. */
export function egressCauses(label: string, deployed: readonly Deployed[], location: Location): string[] {
  const clients = clientsIn(
    deployed.filter((one) => one.label === label),
    location,
  );
  const isPublic = deployed.some(
    ({ source, outputs }) => source === "instances" && outputs.publicIpAddress !== undefined,
  );
  const isSocket = clients.some(({ workload, container }) => usesSocket(workload, container));
  const way = isPublic ? `public ${isSocket ? "socket" : "address"}` : "no Private Google Access";
  return ["all-traffic egress", "no Cloud NAT", way];
}

/** Workloads whose configuration does not show encrypted connections. */
export function possiblyUnencrypted(deployed: readonly Deployed[], location: Location): string[] {
  const doubtful = clientsIn(deployed, location).filter(({ workload, container }) => !isEncrypted(workload, container));
  return [...new Set(doubtful.map(({ workload }) => workload.label))];
}

/** The socket and the Auth Proxy always encrypt; libraries encrypt when configured. */
const isEncrypted = (workload: Workload, container: Container): boolean =>
  usesSocket(workload, container) ||
  (workload.containers.some(isProxy) && isLocal(container)) ||
  container.variables.some((variable) => ENCRYPTING.test(`${variable.name}=${knownValue(variable)}`));

const ENCRYPTING = /ssl_?mode=(require|verify-ca|verify-full)\b/i;
