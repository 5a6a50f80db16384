import { InputError, problem } from "./problem";

/** The variable that sets the day to judge at, for planning ahead: `NETRA_TODAY=2027-03-01 npm run check`. */
const VARIABLE = "NETRA_TODAY";

/**
 * The day to judge at, `YYYY-MM-DD`. Default: today's, UTC.
 *
 * @throws InputError where the variable holds no date.
 */
export function today(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const stated = environment[VARIABLE];
  if (stated === undefined || stated === "") return dayOf(new Date());
  const date = new Date(`${stated}T00:00:00Z`);
  if (!Number.isNaN(date.getTime()) && dayOf(date) === stated) return stated;
  throw new InputError([
    problem({
      setting: VARIABLE,
      value: stated,
      must: "be a date",
      because: "versions are judged as they are on that day",
      fix: "2027-02-01, for example",
    }),
  ]);
}

/** `YYYY-MM-DD`, UTC. */
export const dayOf = (date: Date) => date.toISOString().slice(0, 10);
