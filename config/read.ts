import type { CapacityPlan } from "../capacity/plan";
import { InputError, type InputProblem } from "../capacity/problem";
import { adoptionProblems } from "./adoption";
import { edgeProblems } from "./edge";
import { jobProblems } from "./jobs";
import { misreadProblems } from "./messages";
import { monitoringProblems } from "./monitoring";
import { referenceProblems, reservedNames, shown } from "./references";
import { type ParsedSettings, type ServiceSettings, type Settings, stackFile } from "./schema";

// Components, budget and storm take the settings as the plan: this line fails to compile when they drift apart.
export const planOf = (settings: Settings): CapacityPlan => settings;

/**
 * Reads the configuration of a stack. `values` maps full keys (`netra:connector`, `gcp:project`) to plain values; other
 * namespaces are ignored.
 * @throws InputError with every problem, named as the stack file writes it.
 */
export function readSettings(values: Readonly<Record<string, unknown>>): Settings {
  const own = Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      key.startsWith("netra:") ? [[key.slice("netra:".length), value]] : [],
    ),
  );
  const parsed = stackFile.safeParse(own);
  const place = { project: String(values["gcp:project"]), region: String(values["gcp:region"]) };
  const placeProblems = (["gcp:project", "gcp:region"] as const).flatMap((key) => providerProblem(key, values[key]));
  const misread = [...placeProblems, ...(parsed.success ? [] : misreadProblems(parsed.error.issues, own))];
  const between = [
    ...reservedNames(own),
    ...referenceProblems(own),
    ...jobProblems(own),
    ...monitoringProblems(own),
    ...edgeProblems(own),
  ];
  const problems = [
    ...misread,
    // Errors that follow from a setting that cannot be read are suppressed.
    ...between.filter(({ setting }) => !misread.some((found) => isWithin(setting, found.setting))),
    // Ids are made of what has just been read.
    ...(parsed.success && placeProblems.length === 0 ? adoptionProblems({ ...parsed.data, ...place }) : []),
  ];
  if (!parsed.success || problems.length > 0) throw new InputError(problems);
  return { ...parsed.data, ...place, services: inRolloutOrder(parsed.data) };
}

/** Normalises the services and sorts them so that each comes after those it waits for; circles have been refused. */
function inRolloutOrder({ services, edge }: ParsedSettings): Settings["services"] {
  // By name, because the engine hands sections to programs with their keys sorted: their order in the file is lost.
  const keys = Object.keys(services).toSorted();
  const sorted = new Map<string, ServiceSettings>();
  const visit = (key: string) => {
    const service = services[key];
    if (!service || sorted.has(key)) return;
    const {
      memory: memoryMib,
      after: stated,
      ingress = edge ? "internal-and-load-balancer" : "all",
      ...rest
    } = service;
    // By default, a service waits for all services whose names sort before it: one `up` never starts two at once.
    const after = stated ?? keys.slice(0, keys.indexOf(key));
    after.forEach(visit);
    sorted.set(key, { ...rest, memoryMib, ingress, after });
  };
  keys.forEach(visit);
  return Object.fromEntries(sorted);
}

/**
 * What is wrong with `gcp:project` or `gcp:region`; `setting` is what a message calls it where it was not read from the
 * stack file.
 */
export function providerProblem(
  key: "gcp:project" | "gcp:region",
  value: unknown,
  setting: string = key,
): InputProblem[] {
  const { form, pattern, example } =
    key === "gcp:region"
      ? { form: "the name of a region, not of a zone", pattern: /^[a-z]+(-[a-z]+)+\d+$/, example: "us-central1" }
      : {
          form: "a project's id, in clear text",
          pattern: /^([a-z][a-z0-9.-]*:)?[a-z][-a-z0-9]{4,28}[a-z0-9]$/,
          example: "netra-staging",
        };
  if (typeof value === "string" && pattern.test(value)) return [];
  const must = value === undefined || value === null || value === "" ? "be stated" : `be ${form}`;
  return [
    {
      setting,
      message: `'${setting}' (${shown(value)}) must ${must} because the names and addresses of the stack contain it; set '${setting}' to ${example}`,
      ways: [[[setting, example]]],
    },
  ];
}

/** Whether a setting is another one or part of it. */
const isWithin = (setting: string, other: string) =>
  setting === other || setting.startsWith(`${other}.`) || setting.startsWith(`${other}[`);
