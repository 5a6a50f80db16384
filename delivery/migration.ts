import { z } from "zod";
import { databaseClientProblems } from "../capacity/database-client";
import { connectionsPerInstance, databaseVariables } from "../capacity/plan";
import { type Problem, problem } from "../capacity/problem";

/*
 * Migrations run in a Cloud Run job that belongs to the application: its pipeline makes it, its command is the
 * application's. Here it gets the image that is about to roll out, and runs, before anything rolls.
 */

/** The parts of `gcloud run jobs describe --format=json` that are read (Cloud Run's v1 API). */
const jobSchema = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        taskCount: z.number().int().default(1),
        parallelism: z.number().int().default(0),
        template: z.object({
          spec: z.object({
            containers: z.array(
              z.object({ name: z.string().optional(), env: z.array(z.object({ name: z.string(), value: z.string().optional() })).default([]) }),
            ),
          }),
        }),
      }),
    }),
  }),
});

export type Job = z.output<typeof jobSchema>;

/** Reads what gcloud printed; `undefined` where it is no job. */
export function readJob(content: string): Job | undefined {
  try {
    return jobSchema.parse(JSON.parse(content));
  } catch {
    return undefined;
  }
}

const { poolSize, maxOverflow, workers } = databaseVariables;

/**
 * What is wrong with running this job: it may hold as many connections as the plan keeps for migrations, because both
 * revisions of every service are counted beside it.
 */
export function migrationProblems(name: string, job: Job, migrationConnections: number): Problem[] {
  const { taskCount, parallelism, template } = job.spec.template.spec;
  const tasks = parallelism > 0 ? Math.min(parallelism, taskCount) : taskCount; // 0: as many as there are tasks
  const [container, ...others] = template.spec.containers;
  if (!container || others.length > 0)
    return [
      problem({
        setting: `job ${name}`,
        value: `${template.spec.containers.length} containers`,
        must: "have one container",
        because: "the image of one is set, and its connections are counted",
        fix: "a job of its own for each",
      }),
    ];
  const stated = (variable: string) => container.env.find(({ name }) => name === variable)?.value;
  const [pool, overflow, processes] = [poolSize, maxOverflow, workers].map((variable) => whole(stated(variable)));
  if (pool === undefined || overflow === undefined || processes === undefined) {
    const missing = [poolSize, maxOverflow, workers].filter((variable) => whole(stated(variable)) === undefined).join(", ");
    return [
      problem({
        setting: `job ${name}`,
        value: `without ${missing}`,
        must: `state ${missing} as whole numbers`,
        because: "how many connections it holds is read from them",
        fix: `\`gcloud run jobs update ${name} --update-env-vars\` with those that its pool has (one connection: ${poolSize}=1,${maxOverflow}=0,${workers}=1)`,
      }),
    ];
  }
  const client = { poolSize: pool, maxOverflow: overflow, workers: processes };
  // What a job need not state: it is no start, and has as long as it takes.
  const untold = { startupConnections: 0, poolTimeoutSeconds: 1, connectTimeoutSeconds: 1, initTimeoutSeconds: 1 };
  const meaningless = databaseClientProblems({ ...client, ...untold }, (field) => `job ${name}: ${databaseVariables[field]}`);
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

const whole = (value: string | undefined): number | undefined => (value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined);
