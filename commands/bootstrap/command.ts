import type { z } from "zod";
import { InputError, type InputProblem, inputError, problem } from "../../capacity/problem";
import { readSettings } from "../../config/read";
import { announce, command, EXIT, type Runnable } from "../shared/command";
import { readStackFile, type StackOptions, withStackOptions } from "../shared/stack-file";
import {
  accountSchema,
  anySchema,
  apisSchema,
  bucketSchema,
  type Existing,
  policySchema,
  poolSchema,
  projectSchema,
  providerSchema,
  providersSchema,
  roleSchema,
} from "./existing";
import { commandLine, type GcloudResult, gcloud, isAbsent } from "./gcloud-cli";
import {
  type BootstrapTarget,
  commands,
  lookups,
  otherAccess,
  otherProviders,
  POOL,
  settings,
  surplusRoles,
} from "./plan";
import { environments } from "./roles";

interface Options extends StackOptions {
  readonly project: string;
  readonly repository: string;
  readonly repositoryId: string;
  readonly dryRun?: true;
}

/** `call` runs gcloud. */
export function bootstrapCommand(call: typeof gcloud = gcloud): Runnable {
  const definition = withStackOptions(
    command(
      "bootstrap",
      "Sets up what the pipelines need: the state bucket, the key for its secrets, the federation with GitHub and two accounts. A second run changes only what differs.",
    ),
    "the stack whose region holds bucket and key, and whose secrets and database the accounts reach",
  )
    .requiredOption("--project <id>", "the Google Cloud project")
    .requiredOption(
      "--repository <owner/name>",
      "the GitHub repository whose workflows may authenticate, in its exact case",
    )
    .requiredOption("--repository-id <number>", "its number, as `gh api repos/OWNER/NAME --jq .id` prints it")
    .option("--dry-run", "print the commands it would run, and change nothing");
  return {
    definition,
    action: async (host) => {
      const options = definition.opts<Options>();
      const subject = subjectOf(options);
      announce(host, "looking at what exists");
      const ask = (args: readonly string[]) => call(args, host.env);
      const found = await lookUp(subject, ask);
      if (found.bucket && found.bucket.location.toLowerCase() !== subject.region)
        throw wrongLocation(subject, found.bucket.location);
      const others = otherProviders(found);
      if (others.length > 0) throw sharedPool(others);
      const todo = commands(subject, found);
      for (const args of todo) {
        host.stdout.write(`${commandLine(args)}\n`);
        if (options.dryRun) continue;
        const { code, error } = await ask(args);
        if (code !== 0) {
          host.stdout.write(
            `Stopped: ${error || `gcloud exited ${code}`}. Earlier changes stay; fix the cause and run this command again to continue.\n`,
          );
          return EXIT.refused;
        }
      }
      host.stdout.write(todo.length === 0 ? "# Nothing differs.\n" : "");
      for (const args of surplusRoles(subject, found))
        host.stdout.write(
          `# Not one of the account's roles (commands/bootstrap/roles.ts); to remove it: ${commandLine(args)}\n`,
        );
      for (const args of otherAccess(subject, found))
        host.stdout.write(
          `# Another principal has rights on the account and may act as it; to remove them: ${commandLine(args)}\n`,
        );
      host.stdout.write(nextSteps(subject, found.projectNumber));
      return EXIT.sound;
    },
  };
}

function subjectOf({ project, repository, repositoryId, stack, configFile }: Options): BootstrapTarget {
  const settings = readSettings(readStackFile(stack, configFile));
  const problems: InputProblem[] = [];
  if (!/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(project))
    problems.push(
      problem({
        setting: "--project",
        value: project,
        must: "be the id of a project",
        because: "everything is created in it",
        fix: "6 to 30 lower-case letters, digits and hyphens, as `gcloud projects list` shows it",
      }),
    );
  else if (project !== settings.project)
    problems.push(
      problem({
        setting: "--project",
        value: project,
        must: `be ${settings.project}`,
        because: `the stack ${stack} is in that project, and the accounts get their roles there`,
        fix: `${settings.project}, or change gcp:project first`,
      }),
    );
  if (!/^[\w-]+\/[\w.-]+$/.test(repository))
    problems.push(
      problem({
        setting: "--repository",
        value: repository,
        must: "be a repository on GitHub",
        because: "only its workflows may authenticate",
        fix: "OWNER/NAME",
      }),
    );
  if (!/^[1-9]\d*$/.test(repositoryId))
    problems.push(
      problem({
        setting: "--repository-id",
        value: repositoryId,
        must: "be a number",
        because: "another repository may get the same name later, but not the same number",
        fix: "what `gh api repos/OWNER/NAME --jq .id` prints",
      }),
    );
  if (problems.length > 0) throw new InputError(problems);
  const secrets = [...new Set(Object.values(settings.secrets).map(({ id }) => id))].toSorted();
  return {
    project,
    repository,
    repositoryId,
    region: settings.region,
    secrets,
    instance: settings.database.name,
  };
}

/** Calls gcloud. */
type Ask = (args: readonly string[]) => Promise<GcloudResult>;

/** Reads everything. Resources of an API that is not enabled count as missing. */
async function lookUp(subject: BootstrapTarget, ask: Ask): Promise<Existing> {
  const about = lookups(subject);
  const { projectNumber } = await read(about.project, projectSchema, ask);
  const apis = (await read(about.apis, apisSchema, ask)).map(({ config: { name } }) => name);
  const inApi = (api: string) => (apis.includes(api) ? readIfExists : async () => undefined);
  const [kms, iam] = [inApi("cloudkms.googleapis.com"), inApi("iam.googleapis.com")];
  const bucket = await readIfExists(about.bucket, bucketSchema, ask);
  const keyRing = await kms(about.keyRing, anySchema, ask);
  const key = keyRing && (await kms(about.key, anySchema, ask));
  const pool = await iam(about.pool, poolSchema, ask);
  const provider = pool && (await iam(about.provider, providerSchema, ask));
  const providers = (pool && (await iam(about.providers, providersSchema, ask))) ?? [];
  const deployer = await iam(about.deployer, accountSchema, ask);
  const previewer = await iam(about.previewer, accountSchema, ask);
  const role = await iam(about.role, roleSchema, ask);
  const policyOf = async (what: unknown, args: readonly string[]) =>
    what ? read(args, policySchema, ask) : { bindings: [] };
  const policies = {
    project: await read(about.policies.project, policySchema, ask),
    bucket: await policyOf(bucket, about.policies.bucket),
    key: await policyOf(key, about.policies.key),
    deployer: await policyOf(deployer, about.policies.deployer),
    previewer: await policyOf(previewer, about.policies.previewer),
  };
  return { projectNumber, apis, bucket, keyRing, key, pool, provider, providers, deployer, previewer, role, policies };
}

async function read<T extends z.ZodType>(args: readonly string[], schema: T, ask: Ask): Promise<z.output<T>> {
  const found = await readIfExists(args, schema, ask);
  if (found === undefined) throw unreadable(args, "it does not exist");
  return found;
}

/** gcloud's output; `undefined`: it does not exist. */
async function readIfExists<T extends z.ZodType>(
  args: readonly string[],
  schema: T,
  ask: Ask,
): Promise<z.output<T> | undefined> {
  const called = await ask(args);
  if (isAbsent(called)) return undefined;
  if (called.code !== 0) throw unreadable(args, called.error || `gcloud exited ${called.code}`);
  try {
    return schema.parse(JSON.parse(called.stdout));
  } catch {
    throw unreadable(args, "its output has an unexpected form");
  }
}

const unreadable = (args: readonly string[], why: string) =>
  new InputError([
    {
      setting: "gcloud",
      message: `\`${commandLine(args)}\` must succeed because only what differs is changed (${why}); log in as an owner of the project with \`gcloud auth login\``,
    },
  ]);

const sharedPool = (others: readonly string[]) =>
  inputError(
    POOL,
    `(${others.join(", ")}) must be a workload identity pool of one provider because another one could claim to be a job of this repository; delete the others, or create them in another pool`,
  );

const wrongLocation = ({ project, region }: BootstrapTarget, location: string) =>
  new InputError([
    problem({
      setting: `gs://${project}-pulumi-state`,
      value: location,
      must: `be in ${region}`,
      because: "a bucket cannot move, and the state belongs in the region that it describes",
      fix: "another one: move its objects, delete it and run this command again",
    }),
  ]);

/** As comments, so that a dry run prints a script. */
function nextSteps(subject: BootstrapTarget, projectNumber: string): string {
  const { variables, stackInit } = settings(subject, projectNumber);
  return [
    "# Once, in the repository (docs/pipelines.md):",
    ...Object.entries(variables).map(
      ([name, value]) => `# gh variable set ${name} --repo ${subject.repository} --body '${value}'`,
    ),
    `# environments '${environments.previewer}', without reviewers, and '${environments.deployer}', with them, for the branch main only`,
    "# Once, on your machine, and commit what it writes into Pulumi.staging.yaml:",
    `# ${stackInit}`,
    "",
  ].join("\n");
}
