import { connectorLimits, postgresCosts } from "../limits";
import { clamp, identity, type Naming, type Problem, problem } from "../problem";
import { freeRange, overlap, rangeProblems } from "./ranges";

/** What decides how much a connector carries. */
export interface ConnectorSize {
  readonly machineType: string;
  readonly minInstances: number;
  readonly maxInstances: number;
}

const MACHINE_TYPES = Object.keys(connectorLimits.machineTypes.value);

/**
 * A connector's estimated throughput in Mbps at `instances` VMs: Google's figures for 2 and 10, a straight line
 * between. 0 for a machine type that does not exist.
 */
export function connectorMbps(machineType: string, instances: number): number {
  const machine = connectorLimits.machineTypes.value[machineType];
  if (!machine) return 0;
  return machine.mbpsAt2 + ((instances - 2) * (machine.mbpsAt10 - machine.mbpsAt2)) / 8;
}

/** Whether a connector can have this machine type. */
export const isMachineType = (machineType: string): boolean => MACHINE_TYPES.includes(machineType);

/**
 * New connections a second through one VM. `assumed` is the assumption for the default machine type: others carry as
 * many as their throughput is larger or smaller, and none more than its bytes allow.
 */
export function vmConnectsPerSecond(machineType: string, assumed: number): number {
  const vmMbps = (type: string) => connectorMbps(type, 2) / 2;
  const share = vmMbps(machineType) / vmMbps(connectorLimits.defaultMachineType.value);
  return Math.min(assumed * share, (vmMbps(machineType) * 1e6) / 8 / postgresCosts.connectBytes.value);
}

/** A machine type that no connector has. */
export function machineTypeProblems(machineType: string, name: Naming<"machineType"> = identity): Problem[] {
  if (isMachineType(machineType)) return [];
  return [
    problem({
      setting: name("machineType"),
      value: machineType,
      must: `be one of ${MACHINE_TYPES.join(", ")}`,
      because: "a Serverless VPC Access connector runs on no other machine type",
      fix: machineType.startsWith("e2-standard") ? "e2-standard-4" : "e2-micro",
    }),
  ];
}

/**
 * Instance counts outside 2..9 (minimum) and 3..10 (maximum), a minimum that is not below the maximum, or a count that
 * is not stated. A whole connector scales up to `maxInstances` and never back.
 */
export function instanceCountProblems(
  counts: { readonly minInstances?: number | undefined; readonly maxInstances?: number | undefined },
  name: Naming<"minInstances" | "maxInstances"> = identity,
): Problem[] {
  const problems: Problem[] = [];
  const legal = { minInstances: connectorLimits.minInstances.value, maxInstances: connectorLimits.maxInstances.value };
  for (const field of ["minInstances", "maxInstances"] as const) {
    const value = counts[field];
    const range = legal[field];
    if (value === undefined)
      problems.push(
        problem({
          setting: name(field),
          value,
          must: `be stated, from ${range.min} to ${range.max}`,
          because: "Google no longer has a default and throughput settings force replacements",
          fix: field === "minInstances" ? 3 : range.max,
        }),
      );
    else if (!Number.isInteger(value) || value < range.min || value > range.max)
      problems.push(
        problem({
          setting: name(field),
          value,
          must: `be a whole number from ${range.min} to ${range.max}`,
          because: `a connector has at most ${legal.maxInstances.max} instances and at least ${legal.minInstances.min}`,
          fix: clamp(value, range),
        }),
      );
  }
  const { minInstances: min, maxInstances: max } = counts;
  if (problems.length === 0 && min !== undefined && max !== undefined && min >= max)
    problems.push(
      problem({
        setting: name("minInstances"),
        value: min,
        must: `be below '${name("maxInstances")}' (${max})`,
        because: "Google refuses a connector whose maximum is not greater than its minimum",
        fix: Math.max(legal.minInstances.min, max - 1),
      }),
    );
  return problems;
}

/**
 * A name that Google refuses: every hyphen counts as two of the 20 characters. One that is not stated becomes too long.
 */
export function connectorNameProblems(value: string | undefined, name: Naming<"name"> = identity): Problem[] {
  const limit = connectorLimits.nameEffectiveLength.value;
  if (!value)
    return [
      problem({
        setting: name("name"),
        value,
        must: "be stated",
        because: `an automatic name gets a random suffix, and Google takes at most ${limit} characters with each hyphen counted as two`,
        fix: "a short name such as staging-connector",
      }),
    ];
  const length = value.length + (value.match(/-/g)?.length ?? 0);
  const fits = length <= limit;
  if (fits && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(value)) return [];
  return [
    problem({
      setting: name("name"),
      value,
      must: `be lower-case letters, digits and hyphens, starting with a letter, at most ${limit} characters with each hyphen counted as two`,
      because: fits
        ? "it follows the naming rules of Compute Engine"
        : `this one counts ${length} characters and Google refuses it at creation`,
      fix: shortName(value),
    }),
  ];
}

/** The name in Google's characters, as short as Google takes it: a hyphen counts twice. */
function shortName(value: string): string {
  const plain = value
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replaceAll(/-+connector/g, "-conn")
    .replaceAll(/-{2,}/g, "-")
    .replace(/^[^a-z]+/, "");
  let name = plain;
  while (name.length + (name.match(/-/g)?.length ?? 0) > connectorLimits.nameEffectiveLength.value)
    name = name.slice(0, -1);
  return name.replace(/-+$/, "") || "connector";
}

/** A connector's own range is exactly a /28. */
export const connectorRangeProblems = (
  cidr: string,
  name: Naming<"ipCidrRange"> = identity,
  free?: string,
): Problem[] =>
  rangeProblems(name("ipCidrRange"), cidr, {
    exactly: connectorLimits.subnetPrefix.value,
    ...(free === undefined ? {} : { free }),
  });

/** A connector's range that touches one of those that are taken. */
export function connectorOverlapProblems(
  cidr: string,
  taken: readonly string[],
  name: Naming<"ipCidrRange"> = identity,
): Problem[] {
  const ranges = [cidr, ...taken].map((range) => ({ label: "taken", cidr: range }));
  return taken
    .filter((other) => overlap(cidr, other))
    .map((other) =>
      problem({
        setting: name("ipCidrRange"),
        value: cidr,
        must: `not overlap ${other}`,
        because:
          "that range is in use beside the stack, and Google refuses the connector or routes its packets elsewhere",
        fix: freeRange(connectorLimits.subnetPrefix.value, ranges),
      }),
    );
}

/** A connector that is smaller than the floor in throughput or in either count. */
export function connectorFloorProblems(
  size: ConnectorSize,
  floor: ConnectorSize,
  name: Naming<"machineType" | "minInstances" | "maxInstances"> = identity,
): Problem[] {
  const problems: Problem[] = [];
  if (connectorMbps(size.machineType, 2) < connectorMbps(floor.machineType, 2))
    problems.push(
      problem({
        setting: name("machineType"),
        value: size.machineType,
        must: `carry at least what ${floor.machineType} does`,
        because: `the floor is ${floor.machineType}, ${floor.minInstances}..${floor.maxInstances} instances`,
        fix: floor.machineType,
      }),
    );
  for (const field of ["minInstances", "maxInstances"] as const)
    if (size[field] < floor[field])
      problems.push(
        problem({
          setting: name(field),
          value: size[field],
          must: `be at least ${floor[field]}`,
          because:
            field === "minInstances"
              ? "a storm is over before the connector scales out, so its minimum is what carries every start at once"
              : `the floor is ${floor.machineType}, ${floor.minInstances}..${floor.maxInstances} instances`,
          fix: floor[field],
        }),
      );
  return problems;
}
