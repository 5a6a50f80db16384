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
  /** How often a task that fails is tried again. */
  readonly maxRetries: number;
  readonly variables: Readonly<Record<string, pulumi.Input<string>>>;
  /** The secrets that become variables, by variable. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
  /** The connector's full id. */
  readonly connector: pulumi.Input<string>;
  /** What, beside the container, decides that the job runs again. Plain values: a preview shows whether it will. */
  readonly runsFor: readonly unknown[];
  /** The enabled APIs. */
  readonly apis: readonly pulumi.Resource[];
  /** What must be there before the job runs. */
  readonly waitsFor: readonly pulumi.Input<pulumi.Resource>[];
}

/**
 * Declares a Cloud Run job that runs in the update that makes or changes it: what depends on it waits until an
 * execution has completed, and is left alone where it fails. Nothing else runs it. One task, through the connector,
 * with an identity that may read the job's secrets and nothing else.
 * Cost: the seconds that it runs.
 */
export function runJob(args: RunJobArgs, component: pulumi.ComponentResource): gcp.cloudrunv2.Job {
  const { account, access } = identityOf(args, component);
  return new gcp.cloudrunv2.Job(args.name, jobInputs(args, account.email), {
    parent: component,
    dependsOn: [...args.waitsFor, ...Object.values(args.secrets).map(({ ready }) => ready), ...access],
    // Console and gcloud write their own name here.
    ignoreChanges: ["client", "clientVersion"],
  });
}

function jobInputs(args: RunJobArgs, serviceAccount: pulumi.Input<string>): gcp.cloudrunv2.JobArgs {
  return {
    name: args.name,
    location: args.region,
    // It holds nothing.
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

/** Another token is another execution. A digest, so that the same job in the same state never runs twice. */
function executionToken({ image, command, secrets, runsFor }: RunJobArgs): string {
  const versions = Object.entries(secrets).map(([name, { secretId, version }]) => [name, secretId, version]);
  return createHash("sha256")
    .update(JSON.stringify([image, command, versions, runsFor]))
    .digest("hex")
    .slice(0, TOKEN_LENGTH);
}
