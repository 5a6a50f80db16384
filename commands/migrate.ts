import { InputError, type InputProblem, inputError, problem } from "../capacity/problem";
import { readSettings } from "../config";
import { migrationProblems, readJob } from "../delivery/migration";
import { announce, command, EXIT, run } from "./command";
import { commandLine, gcloud, isAbsent } from "./gcloud-cli";
import { readStackFile, type StackOptions, withStackOptions } from "./stack-file";

interface Options extends StackOptions {
  readonly service: string;
}

const migrating = withStackOptions(
  command("migrate", "Runs the application's migrations before a rollout: gives its Cloud Run job the image that is about to roll out, and waits for it."),
)
  .argument("<job>", "the Cloud Run job")
  .requiredOption("--service <key>", "the service in netra:services whose image migrates");

void run(migrating, async () => {
  const { service: key, stack, configFile } = migrating.opts<Options>();
  const [job = ""] = migrating.args;
  const { project, region, services, database } = readSettings(readStackFile(stack, configFile));
  const service = services[key];
  const problems: InputProblem[] = [];
  // Cloud Run's own form; anything else could be an option of gcloud's.
  if (!/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(job))
    problems.push(
      problem({
        setting: "JOB",
        value: job,
        must: "be the name of a Cloud Run job",
        because: "it is run",
        fix: "lower-case letters, digits and hyphens, a letter first",
      }),
    );
  if (!service)
    problems.push(
      problem({
        setting: "--service",
        value: key,
        must: `be one of ${Object.keys(services).join(", ")}`,
        because: "its image is the one that migrates",
        fix: "one of them",
      }),
    );
  if (problems.length > 0 || !service) throw new InputError(problems);

  const place = ["--region", region, "--project", project];
  announce(`reading job ${job}`);
  const described = await gcloud(["run", "jobs", "describe", job, ...place, "--format=json"]);
  const found = described.code === 0 ? readJob(described.stdout) : undefined;
  if (!found) {
    const why = isAbsent(described) ? `there is none in ${region} of ${project}` : described.said || "gcloud printed no job";
    throw inputError("JOB", `(${job}) must be a Cloud Run job because the migrations run in it (${why}); make it as docs/pipelines.md says`);
  }
  const refused = migrationProblems(job, found, database.migrationConnections);
  if (refused.length > 0) return refuse(refused.map(({ message }) => message));

  announce(`migrating with ${service.image}`);
  const update = ["run", "jobs", "update", job, "--image", service.image, ...place, "--execute-now", "--wait"];
  const { code, said } = await gcloud(update);
  if (code !== 0) return refuse([`The migration failed, nothing has rolled out (${said}): ${commandLine(update)}`]);
  process.stdout.write(`Job ${job} has migrated with ${service.image}.\n`);
  return EXIT.sound;
});

function refuse(lines: readonly string[]): number {
  process.stdout.write(`${lines.join("\n")}\n`);
  return EXIT.refused;
}
