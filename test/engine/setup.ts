import { pulumiProblem } from "../../commands/pulumi-cli";

/** Without a usable `pulumi` no test would say anything about the engine: the run fails. */
export default async function setup(): Promise<void> {
  const problem = await pulumiProblem(process.env);
  if (problem) throw new Error(problem);
}
