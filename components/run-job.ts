import { createHash } from "node:crypto";
import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import { TOKEN_LENGTH } from "../capacity/constraints/jobs";
import { formatMemory } from "../capacity/units";
import { identityOf } from "./identity";
import type { SecretReference } from "./secrets";
import { variableList } from "./service";

export interface RunJobArgs {
  readonly name: string;
  readonly region: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Account id of the job's own identity, 6 to 30 characters. */
  readonly account: string;
  /** By digest or immutable tag. */
  readonly image: string;
  readonly command: readonly string[];
  /** vCPU. */
  readonly cpu: number;
  readonly memoryMib: number;
  readonly timeoutSeconds: number;
  /** Retries of a failed task. */
  readonly maxRetries: number;
  readonly variables: Readonly<Record<string, pulumi.Input<string>>>;
  /** The secrets, by the variable that contains them. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
  /** The connector's full id. */
  readonly connector: pulumi.Input<string>;
  /** Further values whose change runs the job again. Plain values: a preview shows whether it will run. */
  readonly runsFor: readonly unknown[];
  /** The enabled APIs. */
  readonly apis: readonly pulumi.Resource[];
  /** Resources that the job depends on. */
  readonly waitsFor: readonly pulumi.Input<pulumi.Resource>[];
}

/**
 * Declares a Cloud Run job that runs in the update that creates or changes it. Its dependents wait until an execution
 * has completed, and are not changed if it fails. Nothing else runs the job. It has one task, uses the connector, and
 * its identity may only read the job's secrets. Cost: the seconds that it runs.
 */
export function runJob(args: RunJobArgs, component: pulumi.ComponentResource): gcp.cloudrunv2.Job {
  const { account, access } = identityOf(args, component);
  return new gcp.cloudrunv2.Job(args.name, jobInputs(args, account.email), {
    parent: component,
    dependsOn: [...args.waitsFor, ...Object.values(args.secrets).map(({ ready }) => ready), ...access],
    // Console and gcloud set their own name here.
    ignoreChanges: ["client", "clientVersion"],
  });
}

function jobInputs(args: RunJobArgs, serviceAccount: pulumi.Input<string>): gcp.cloudrunv2.JobArgs {
  return {
    name: args.name,
    location: args.region,
    // It holds no data.
    deletionProtection: false,
    labels: { ...args.labels },
    runExecutionToken: executionToken(args),
    template: {
      labels: { ...args.labels },
      taskCount: 1,
      parallelism: 1,
      template: {
        serviceAccount,
        executionEnvironment: "EXECUTION_ENVIRONMENT_GEN2",
        timeout: `${args.timeoutSeconds}s`,
        maxRetries: args.maxRetries,
        vpcAccess: { connector: args.connector, egress: "PRIVATE_RANGES_ONLY" },
        containers: [
          {
            image: args.image,
            commands: [...args.command],
            resources: { limits: { cpu: String(args.cpu), memory: formatMemory(args.memoryMib) } },
            envs: variableList(args.variables, args.secrets),
          },
        ],
      },
    },
  };
}

/** A new token starts a new execution. It is a digest, so that the same job in the same state never runs twice. */
function executionToken({ image, command, secrets, runsFor }: RunJobArgs): string {
  const versions = Object.entries(secrets).map(([name, { secretId, version }]) => [name, secretId, version]);
  return createHash("sha256")
    .update(JSON.stringify([image, command, versions, runsFor]))
    .digest("hex")
    .slice(0, TOKEN_LENGTH);
}
