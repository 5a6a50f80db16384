import { InputError } from "../../capacity/problem";
import { serviceProblems, servicesIn, withSetting } from "./service-setting";

export interface Redeployed {
  readonly text: string;
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * Raises `redeploy` of the named services by one, each once.
 * @param services their keys in `netra:services`.
 * @throws InputError with all problems of the names and the counts.
 */
export function redeployed(text: string, file: string, services: readonly string[]): Redeployed {
  const problems = serviceProblems(text, file, services);
  const before = servicesIn(text) ?? {};
  const counts = [...new Set(services)].map((service) => [service, countIn(before[service])] as const);
  for (const [service, count] of counts)
    if (!(Number.isSafeInteger(count) && Number(count) >= 0)) {
      const setting = `netra:services.${service}.redeploy`;
      problems.push({
        setting,
        message: `'${setting}' must be a whole number because it is raised by one; write one into ${file}, or remove it`,
      });
    }
  if (problems.length > 0) throw new InputError(problems);
  const raised = counts.map(([service, count]) => [service, Number(count) + 1] as const);
  return {
    text: raised.reduce((edited, [service, count]) => withSetting(edited, file, service, "redeploy", count), text),
    counts: Object.fromEntries(raised),
  };
}

const countIn = (service: unknown): unknown =>
  (typeof service === "object" && service !== null ? Reflect.get(service, "redeploy") : undefined) ?? 0;
