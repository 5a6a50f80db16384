import { connectionsPerInstance } from "../../capacity/plan";
import type { Step } from "../../engine/preview";
import { Inputs, isUnreadable, MalformedValueError } from "../../policy/framework/inputs";
import { clientsOf } from "../../policy/resources/counted-clients";
import { workloadOf } from "../../policy/resources/workload";

/** The connections that both revisions of a service hold during a rollout, compared with what the budget counts. */
export function rolloutConnections(step: Step): string {
  try {
    const [before, after] = [connectionsOf(step, step.old?.inputs), connectionsOf(step, step.new?.inputs)];
    const [sum, counted] = [before + after, 2 * after];
    // A single step does not show the value behind a secret.
    if (sum === 0) return "it shows no database connections";
    const both = `both together hold up to ${before} + ${after} = ${sum} connections`;
    if (sum === counted) return `${both}, as the budget counts`;
    if (sum < counted) return `${both}, within the ${counted} that the budget counts`;
    return `${both}, more than the ${counted} that the budget counts: if max_connections is to be lowered, do it in a later update`;
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return `the connections of both cannot be read from this preview (${error.message})`;
  }
}

/**
 * The maximum connections of one revision, summed over its containers: half of what the budget counts for the service.
 * @throws where they cannot be read.
 */
function connectionsOf({ type, name, urn }: Step, inputs: object | undefined): number {
  const workload = inputs && workloadOf({ type, name, urn, properties: new Inputs(inputs), provider: new Inputs({}) });
  if (!workload) throw new MalformedValueError("it does not show the service");
  return clientsOf(workload).reduce((sum, client) => {
    if ("why" in client) throw new MalformedValueError(`${client.label} ${client.why}`);
    return sum + client.instances * connectionsPerInstance(client);
  }, 0);
}
