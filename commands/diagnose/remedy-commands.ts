import type { Effect } from "../guard/disruptions";
import { judge } from "../guard/judge";
import { type Deployed, urnOf } from "../shared/cloud/deployed";
import { listWord, word } from "../shared/cloud/shell";
import { filledIn, type Location, type Source } from "../shared/cloud/sources";
import { type Edit, edited } from "./edits";

/* gcloud commands as data: their target, their flags, and the properties that these set. */

/** One flag of a command. */
export interface Flag {
  /** `--tier`. */
  readonly name: string;
  /** Its value, or the items of a list; absent: a flag without a value. */
  readonly value?: string | readonly string[];
  /** The properties that it sets. */
  readonly edits: readonly Edit[];
}

/** What a command changes. */
interface Target {
  /** The command without its flags: equal lines are one command. */
  readonly line: string;
  /** The resource that it changes; absent: something that rules do not judge, such as a version of a secret. */
  readonly resource?: Deployed;
}

/** The part of a command that fixes a finding. */
export interface Repair {
  readonly target: Target;
  readonly flags: readonly Flag[];
  /** The line of a command that must run first. */
  readonly after?: string;
}

/** All changes of one target. */
export type Command = Repair;

/** How gcloud changes each kind of resource. */
const UPDATES: { readonly [Key in Source]?: string } = {
  services: "gcloud run services update NAME --project=PROJECT --region=REGION",
  jobs: "gcloud run jobs update NAME --project=PROJECT --region=REGION",
  instances: "gcloud sql instances patch NAME --project=PROJECT",
  connectors: "gcloud compute networks vpc-access connectors update NAME --project=PROJECT --region=REGION",
};

/** The change of a resource as a list of one repair; empty: no flags, or no command for its kind. */
export function repairs(resource: Deployed, { project, region }: Location, flags: readonly Flag[]): Repair[] {
  const { source, name } = resource;
  const update = UPDATES[source];
  if (update === undefined || flags.length === 0) return [];
  return [
    {
      target: {
        line: filledIn(update, { project, region: resource.region || region }).replace("NAME", () => name),
        resource,
      },
      flags,
    },
  ];
}

/** The command as a shell takes it. */
export const commandText = ({ target, flags }: Command): string => [target.line, ...flags.map(flagText)].join(" ");

function flagText({ name, value }: Flag): string {
  if (value === undefined) return name;
  return `${name}=${typeof value === "string" ? word(value) : listWord(value)}`;
}

/**
 * The repairs as commands, each target once, in the order of their first repairs. Of two values for one flag the first
 * counts.
 */
export function merged(parts: readonly Repair[]): Command[] {
  const commands = new Map<string, Command>();
  for (const { target, flags, after } of parts) {
    const { flags: before, after: earlier = after } = commands.get(target.line) ?? { flags: [] };
    commands.set(target.line, {
      target,
      flags: flags.reduce(withFlag, before),
      ...(earlier === undefined ? {} : { after: earlier }),
    });
  }
  return [...commands.values()].map((command) => ({ ...command, flags: withoutRemoved(command.flags) }));
}

function withFlag(flags: readonly Flag[], flag: Flag): readonly Flag[] {
  const same = flags.find(({ name }) => name === flag.name);
  if (!same) return [...flags, flag];
  if (!isList(same) || !isList(flag)) return flags;
  const added = flag.value.filter((item) => !same.value.includes(item));
  return flags.map((one) =>
    one === same ? { ...flag, value: [...same.value, ...added], edits: [...same.edits, ...flag.edits] } : one,
  );
}

const isList = (flag: Flag): flag is Flag & { readonly value: readonly string[] } => typeof flag.value === "object";

/**
 * gcloud removes first and updates then: a variable that goes must not be updated. What removes it is applied last
 * here.
 */
function withoutRemoved(flags: readonly Flag[]): Flag[] {
  const isRemoval = ({ name }: Flag) => name.startsWith("--remove-");
  const gone = flags.filter(isRemoval).flatMap(({ value = [] }) => value);
  const updates = flags
    .filter((flag) => !isRemoval(flag))
    .flatMap((flag) => {
      if (!isList(flag) || !flag.name.startsWith("--update-")) return [flag];
      const value = flag.value.filter((item) => !gone.includes(item.split("=")[0] ?? ""));
      return value.length > 0 ? [{ ...flag, value }] : [];
    });
  return [...updates, ...flags.filter(isRemoval)];
}

/** The deployed resources after the commands. */
export function applied(deployed: readonly Deployed[], commands: readonly Command[]): Deployed[] {
  return deployed.map((resource) => {
    const edits = commands.flatMap(({ target, flags }) =>
      isSame(target.resource, resource) ? flags.flatMap((flag) => flag.edits) : [],
    );
    return edits.length === 0
      ? resource
      : { ...resource, inputs: edited(resource.inputs, edits), outputs: edited(resource.outputs, edits) };
  });
}

const isSame = (one: Deployed | undefined, other: Deployed) =>
  one !== undefined && one.type === other.type && one.id === other.id;

/** An effect of a command on users of the environment. */
export interface Cost {
  readonly effect: Effect;
  readonly consequence: string;
}

/** What a command costs by `guard`'s table of disruptions; empty: nothing that anybody notices. */
export function costOf(command: Command): Cost[] {
  const { resource } = command.target;
  if (resource === undefined) return [];
  const { announced } = judge(previewOf(resource, command));
  return [...new Map(announced.map(({ effect, consequence }) => [consequence, { effect, consequence }])).values()];
}

/** Whether `guard` would refuse the command. Destructive commands are not printed. */
export const isRefused = (command: Command): boolean =>
  command.target.resource !== undefined && judge(previewOf(command.target.resource, command)).refused.length > 0;

function previewOf(resource: Deployed, command: Command): Parameters<typeof judge>[0] {
  const { type, name, inputs, outputs } = resource;
  const [after = resource] = applied([resource], [command]);
  const step = {
    op: "update",
    urn: urnOf(resource),
    type,
    name,
    isComponent: false,
    isRetained: false,
    changed: [],
    replaceReasons: [],
  };
  const steps = [{ ...step, old: { inputs, outputs }, new: { inputs: after.inputs, outputs: after.outputs } }];
  return { steps, unchanged: [], errors: [], warnings: [], changes: {}, acknowledgements: {} };
}
