import { databaseClientProblems } from "../capacity/database-client";
import { connectionsPerInstance, databaseVariables } from "../capacity/plan";
import { type Problem, problem } from "../capacity/problem";
import { knativeJob } from "../diagnose/run-service";
import { type ClientPlan, clientPlanOf } from "../policy/client-plan";
import { Inputs, ifReadable } from "../policy/inputs";
import { RUN_JOB } from "../policy/types";
import { maximumOf, workloadOf } from "../policy/workload";

/*
 * Migrations run in a Cloud Run job that belongs to the application: its pipeline makes it, its command is the
 * application's. Here it gets the image that is about to roll out, and runs, before anything rolls. What it says about its
 * connections is read as the policy pack reads any workload.
 */

export interface Job {
  /** Tasks that run at once. */
  readonly tasks: number;
  /** What each container says about its connections. */
  readonly plans: readonly ClientPlan[];
}

/** Reads what `gcloud run jobs describe --format=json` printed; `undefined` where it is no job. */
export function readJob(content: string): Job | undefined {
  try {
    return ifReadable(() => jobIn(new Inputs(JSON.parse(content))));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function jobIn(raw: Inputs): Job | undefined {
  const { name, inputs } = knativeJob(raw);
  const workload = workloadOf({ type: RUN_JOB, name, urn: "", properties: new Inputs(inputs), provider: new Inputs({}) });
  if (!workload || workload.containers.length === 0) return undefined;
  return { tasks: maximumOf(workload).instances, plans: workload.containers.map((container) => clientPlanOf(container)) };
}

/**
 * What is wrong with running this job: it may hold as many connections as the plan keeps for migrations, because both
 * revisions of every service are counted beside it.
 */
export function migrationProblems(name: string, { tasks, plans }: Job, migrationConnections: number): Problem[] {
  const [plan, ...others] = plans;
  if (!plan || others.length > 0)
    return [
      problem({
        setting: `job ${name}`,
        value: `${plans.length} containers`,
        must: "have one container",
        because: "the image of one is set, and its connections are counted",
        fix: "a job of its own for each",
      }),
    ];
  const { client, missing, settings, contradictions } = plan;
  if (contradictions.length > 0) return [...contradictions];
  if (!client)
    return [
      problem({
        setting: `job ${name}`,
        value: `without ${missing.join(", ")}`,
        must: `state ${missing.join(", ")} as whole numbers`,
        because: "how many connections it holds is read from them",
        fix: `\`gcloud run jobs update ${name} --update-env-vars\` with those that its pool has (one connection: ${ONE_CONNECTION})`,
      }),
    ];
  const pool = { poolSize: client.poolSize, maxOverflow: client.maxOverflow, workers: client.workers };
  const meaningless = databaseClientProblems(pool, (field) => `job ${name}: ${variableIn(settings[field])}`);
  if (meaningless.length > 0) return meaningless;
  const perTask = connectionsPerInstance(client);
  if (tasks * perTask <= migrationConnections) return [];
  return [
    problem({
      setting: "netra:database.migrationConnections",
      value: migrationConnections,
      must: `be at least ${tasks * perTask}`,
      because: `job ${name} runs ${tasks} tasks x ${perTask} connections while both revisions of every service are counted`,
      fix: `${tasks * perTask}, or give the job fewer tasks or a smaller pool`,
    }),
  ];
}

const { poolSize, maxOverflow, workers } = databaseVariables;
const ONE_CONNECTION = `${poolSize}=1,${maxOverflow}=0,${workers}=1`;

/** gcloud's reader knows a variable by its name. */
const variableIn = (setting: string) => /\benvs\[([^\]]+)\]/.exec(setting)?.[1] ?? setting;
