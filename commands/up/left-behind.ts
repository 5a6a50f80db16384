import { z } from "zod";
import { CONNECTOR, REDIS } from "../../config/resource-types";
import type { Failure } from "../../engine/engine-events";
import type { StackExport } from "../../engine/stack-export";
import { cloudName } from "../../policy/resources/cloud-name";
import type { Resource } from "../recover/recovery";

/*
 * What Google makes in the background and the provider forgets where that fails: it stays under its name, no state has
 * its
 * id, and the next create is refused with 409. Source: magic-modules, resource.go.tmpl (`d.SetId("")`);
 * hashicorp/terraform-provider-google#16690.
 */

const COMMANDS: Readonly<Record<string, string>> = {
  [CONNECTOR]: "gcloud compute networks vpc-access connectors",
  [REDIS]: "gcloud redis instances",
};

/** What commands need beside a name. */
interface Place {
  readonly project: string;
  readonly region: string;
}

const line = (type: string, verb: string, name: string, { project, region }: Place, more: string) =>
  `${COMMANDS[type]} ${verb} ${name} --region ${region} --project ${project} ${more}`;

/**
 * For each resource that may have been made without working: how to ask, and what to run where it does not. Two lines
 * each.
 */
export function lookingLines(resources: readonly Resource[]): string[] {
  return resources.flatMap(({ type, name, id }) => {
    const { project, location } = cloudName(id) ?? {};
    if (!Object.hasOwn(COMMANDS, type) || project === undefined || location === undefined) return [];
    const place = { project, region: location };
    return [
      line(type, "describe", name, place, "--format 'value(state)'"),
      `  where that is ERROR: ${line(type, "delete", name, place, "--quiet")}`,
    ];
  });
}

/**
 * What an update that failed has left behind, a line each with what to do; nothing where another `up` goes on by
 * itself.
 */
export function leftBehindLines(failures: readonly Failure[], exported: StackExport): string[] {
  const place = placeOf(exported);
  const lines = failures.flatMap(({ type, name, message }) => {
    if (place && Object.hasOwn(COMMANDS, type) && IN_BACKGROUND.test(message) && !/timeout/i.test(message))
      return [
        `'${name}' was made, does not work, and blocks its name: the next \`up\` would be refused with 409. Delete it, then run npm run up: ${line(type, "delete", name, place, "--quiet")}`,
      ];
    if (EXISTS.test(message))
      return [
        `'${name}' exists, and the stack's state does not have it. Where an earlier \`up\` made it: npm run --silent recover. Where it is older than the stack: list it under netra:adopt (docs/adoption.md)`,
      ];
    return [];
  });
  return [...new Set(lines)];
}

const IN_BACKGROUND = /Error waiting (to create|for [Cc]reating)/;
const EXISTS = /Error 409|alreadyExists/;

const providerState = z.looseObject({ inputs: z.looseObject({ project: z.string(), region: z.string() }) });

/** Where the stack's provider makes things. */
function placeOf({ deployment }: StackExport): Place | undefined {
  const provider = deployment.resources.findLast(({ type }) => type === "pulumi:providers:gcp");
  return providerState.safeParse(provider).data?.inputs;
}
