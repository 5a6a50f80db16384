import { expect, test } from "vitest";
import { planChecks } from "../../../capacity/checks";
import { cloudSqlLimits } from "../../../capacity/limits";
import { today } from "../../../capacity/today";
import { planOf } from "../../../config/read";
import { stagingSettings } from "../../stack-settings";

const plan = planOf(stagingSettings());
const support = (day: string) => planChecks(plan, day).find(({ title }) => title.startsWith("how long PostgreSQL"));

test("the plan's check always shows the dates, and advises an upgrade half a year before it costs", () => {
  const dates =
    "POSTGRES_14: supported by its community until 2026-11-12, by Cloud SQL until 2027-02-01, then for a charge per vCPU until 2030-02-01";
  expect(support("2026-08-04")).toMatchObject({
    title: "how long PostgreSQL is supported, as of 2026-08-04",
    arithmetic: [dates],
    problems: [],
  });
  expect(support("2026-08-05")).toMatchObject({
    arithmetic: [dates],
    advice: [
      "'netra:database.version' (POSTGRES_14) must be upgraded before 2027-02-01 because its community's support ends on 2026-11-12, and from 2027-02-01 its extended support is charged per vCPU on top of the instance (not priced here: cloud.google.com/sql/pricing) until 2030-02-01; set 'netra:database.version' to POSTGRES_17, as the runbook's section on the major upgrade says",
    ],
    problems: [],
  });
});

test("every version's dates follow one another", () => {
  for (const { communityUntil, extendedFrom, endsOn } of Object.values(cloudSqlLimits.postgresLives.value))
    expect([communityUntil, extendedFrom, endsOn]).toEqual([communityUntil, extendedFrom, endsOn].toSorted());
});

test("the day is the clock's, or the one that NETRA_TODAY says", () => {
  expect(today({ NETRA_TODAY: "2027-02-01" })).toBe("2027-02-01");
  expect(today({})).toMatch(/^\d{4}-\d\d-\d\d$/);
  for (const wrong of ["tomorrow", "2027-02-30", "2027-2-1"])
    expect(() => today({ NETRA_TODAY: wrong })).toThrow(
      `'NETRA_TODAY' (${wrong}) must be a date because versions are judged as they are on that day; set 'NETRA_TODAY' to 2027-02-01, for example`,
    );
});
