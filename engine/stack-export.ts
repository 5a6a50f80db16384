import { z } from "zod";
import { inputError } from "../capacity/problem";

const resourceState = z.looseObject({ urn: z.string(), type: z.string(), id: z.string().optional() });
const stackExport = z.looseObject({
  version: z.number(),
  deployment: z.looseObject({
    resources: z.array(resourceState).default([]),
    pending_operations: z.array(z.object({ resource: resourceState, type: z.string() })).default([]),
  }),
});

/** A resource as the state holds it. */
export type ResourceState = z.output<typeof resourceState>;
/** A `pulumi stack export`. Fields that are not named here are kept as they are. */
export type StackExport = z.output<typeof stackExport>;

/** Reads a `pulumi stack export`. @throws InputError if it is not one, or belongs to another stack. */
export function readExport(content: string, source: string, stack: string): StackExport {
  const refuse = (rest: string) =>
    inputError(source, `must be ${rest}; write it with pulumi stack export --stack ${stack}`);
  const parsed = stackExport.safeParse(parsedJson(content));
  if (!parsed.success) throw refuse("an exported state because it lists the pending operations");
  const { resources, pending_operations: pending } = parsed.data.deployment;
  const other = [...resources, ...pending.map(({ resource }) => resource)].find(
    ({ urn }) => !urn.startsWith(`urn:pulumi:${stack}::`),
  );
  if (other)
    throw refuse(
      `of the stack ${stack} because the program is evaluated for that stack, and this state holds ${other.urn}`,
    );
  return parsed.data;
}

function parsedJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
