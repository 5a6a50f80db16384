import { z } from "zod";
import { CONNECTOR, REDIS } from "../../config/resource-types";
import type { Failure } from "../../engine/engine-events";
import type { StackExport } from "../../engine/stack-export";
import { cloudName } from "../../policy/resources/cloud-name";
import type { Resource } from "./recovery";

/*
 * Google creates some resources in the background. If that fails, the provider forgets the id but the resource keeps
 * its name, so the next create fails with 409. Source: magic-modules, resource.go.tmpl (`d.SetId("")`);
 * hashicorp/terraform-provider-google#16690.
 */

const COMMANDS: Readonly<Record<string, string>> = {
  [CONNECTOR]: "gcloud compute networks vpc-access connectors",
  [REDIS]: "gcloud redis instances",
};

interface Location {
  readonly project: string;
  readonly region: string;
}

const line = (type: string, verb: string, name: string, { project, region }: Location, more: string) =>
  `${COMMANDS[type]} ${verb} ${name} --region ${region} --project ${project} ${more}`;

/** Two lines for each resource that may have been created in a failed state: how to check it, and how to delete it. */
export function lookingLines(resources: readonly Resource[]): string[] {
  return resources.flatMap(({ type, name, id }) => {
    const { project, location } = cloudName(id) ?? {};
    if (!Object.hasOwn(COMMANDS, type) || project === undefined || location === undefined) return [];
    const at = { project, region: location };
    return [
      line(type, "describe", name, at, "--format 'value(state)'"),
      `  if it is ERROR: ${line(type, "delete", name, at, "--quiet")}`,
    ];
  });
}

/** What a failed update has left behind and what to do about it, one line each; none if another `up` suffices. */
export function leftBehindLines(failures: readonly Failure[], exported: StackExport): string[] {
  const at = locationOf(exported);
  const lines = failures.flatMap(({ type, name, message }) => {
    if (at && Object.hasOwn(COMMANDS, type) && IN_BACKGROUND.test(message) && !/timeout/i.test(message))
      return [
        `'${name}' was created but does not work, and its name is taken: the next \`up\` would fail with 409. Delete it, then run npm run up: ${line(type, "delete", name, at, "--quiet")}`,
      ];
    if (EXISTS.test(message))
      return [
        `'${name}' exists but is not in the stack's state. If an earlier \`up\` created it: npm run --silent recover. If it is older than the stack: list it under netra:adopt (docs/adoption.md)`,
      ];
    return [];
  });
  return [...new Set(lines)];
}

const IN_BACKGROUND = /Error waiting (to create|for [Cc]reating)/;
const EXISTS = /Error 409|alreadyExists/;

const providerState = z.looseObject({ inputs: z.looseObject({ project: z.string(), region: z.string() }) });

function locationOf({ deployment }: StackExport): Location | undefined {
  const provider = deployment.resources.findLast(({ type }) => type === "pulumi:providers:gcp");
  return providerState.safeParse(provider).data?.inputs;
}
