import { connectionsPerInstance } from "../../capacity/plan";
import type { Step } from "../../engine/preview";
import { Inputs, isUnreadable, MalformedValueError } from "../../policy/framework/inputs";
import { clientsOf } from "../../policy/resources/counted-clients";
import { workloadOf } from "../../policy/resources/workload";

/**
 * What both revisions of a service hold while one takes over from the other, beside what the pack's budget counts for
 * it.
 */
export function rolloutConnections(step: Step): string {
  try {
    const [before, after] = [connectionsOf(step, step.old?.inputs), connectionsOf(step, step.new?.inputs)];
    const [sum, counted] = [before + after, 2 * after];
    // Only the whole stack knows what stands behind a secret.
    if (sum === 0) return "nothing in it says that it holds database connections";
    const both = `both together hold up to ${before} + ${after} = ${sum} connections`;
    if (sum === counted) return `${both}, which the budget counts`;
    if (sum < counted) return `${both}, within the ${counted} that the budget counts`;
    return `${both}, more than the ${counted} that the budget counts: if max_connections is to be lowered, do it in a later update`;
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return `how many connections both hold cannot be read from this preview (${error.message})`;
  }
}

/**
 * The connections of one revision at its maximum, all containers together: half of what the pack's budget counts for
 * the
 * service. Throws where they cannot be read.
 */
function connectionsOf({ type, name, urn }: Step, inputs: object | undefined): number {
  const workload = inputs && workloadOf({ type, name, urn, properties: new Inputs(inputs), provider: new Inputs({}) });
  if (!workload) throw new MalformedValueError("it does not show the service");
  return clientsOf(workload).reduce((sum, client) => {
    if ("why" in client) throw new MalformedValueError(`${client.label} ${client.why}`);
    return sum + client.instances * connectionsPerInstance(client);
  }, 0);
}
