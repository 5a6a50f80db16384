import type { StackContext, StackResource } from "../framework/rule";
import { ofTypes } from "../framework/stack-resources";
import { databaseContainers } from "./database-containers";
import { knownValue, namesDatabase, namesInstance } from "./database-names";
import { dialingOf } from "./database-route";
import { argumentsOf, isLocal } from "./sidecars";
import { databasesOf } from "./used-databases";
import { type Container, type Variable, WORKLOAD_TYPES, workloadOf } from "./workload";

/**
 * A workload whose container dials a database's address directly: without the Auth Proxy and without a connector
 * library.
 */
interface DirectClient {
  readonly label: string;
  readonly resource: StackResource;
  /** The variable that turns encryption off; absent: none does. */
  readonly plainBy?: string | undefined;
  /** Whether it may have a client certificate. */
  readonly mayHaveCertificate: boolean;
}

/** The workloads that use a database of the stack, and those that dial it directly. */
export interface InstanceClients {
  readonly all: readonly string[];
  readonly direct: readonly DirectClient[];
}

/** Reads the clients of each database of the stack. Other rules report workloads that cannot be read. */
export function clientsByInstance(
  resources: readonly StackResource[],
  { attempt }: Pick<StackContext<object>, "attempt">,
): ReadonlyMap<StackResource, InstanceClients> {
  const clients = new Map<StackResource, { all: string[]; direct: DirectClient[] }>();
  for (const resource of ofTypes(resources, ...WORKLOAD_TYPES))
    attempt(resource, () => {
      const workload = workloadOf(resource);
      for (const container of workload ? databaseContainers(workload) : []) {
        if (!workload) continue;
        const { label } = workload;
        for (const instance of databasesOf(resource, workload, container, resources)?.instances ?? []) {
          const found = clients.get(instance) ?? { all: [], direct: [] };
          clients.set(instance, found);
          if (!found.all.includes(label)) found.all.push(label);
          const dials = dialingOf(workload, container)?.dials ?? "address";
          if (dials === "address" && saysOnlyAddresses(container))
            found.direct.push({
              label,
              resource,
              plainBy: container.variables.find(turnsEncryptionOff)?.setting,
              mayHaveCertificate: mayHaveCertificate(container),
            });
        }
      }
    });
  return clients;
}

/** Whether the container has addresses of other hosts and no connection name, which a connector library would need. */
function saysOnlyAddresses(container: Container): boolean {
  const variables = container.variables.filter(namesDatabase);
  return variables.length > 0 && !variables.some(namesInstance) && !isLocal(container);
}

/** `PGSSLMODE=disable`, or the same in a URL. */
const turnsEncryptionOff = (variable: Variable): boolean =>
  /ssl_?mode=disable\b/i.test(`${variable.name}=${knownValue(variable)}`);

const CERTIFICATE = /ssl_?(root_?)?(cert|key)|(client|tls)_?(cert|key)/i;

function mayHaveCertificate(container: Container): boolean {
  const { variables, inputs } = container;
  if (variables.some((variable) => CERTIFICATE.test(variable.name) || /sslcert=/i.test(knownValue(variable))))
    return true;
  // A mounted volume, in particular a secret's, may hold one.
  return (
    argumentsOf(container).some((text) => CERTIFICATE.test(text)) || inputs.knownOnly().list("volumeMounts").length > 0
  );
}
