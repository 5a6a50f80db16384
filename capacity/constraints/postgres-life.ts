import { cloudSqlLimits, type VersionLife } from "../limits";
import { identity, type Naming, type Problem, problem } from "../problem";
import { dayOf } from "../today";

/*
 * How long a major version of PostgreSQL is supported: by its community, by Cloud SQL in its regular support, and by
 * its extended support, which is charged per vCPU on top of the instance. Days are compared as `YYYY-MM-DD`.
 */

/**
 * How long before extended support an upgrade is advised, days: a rehearsal on a clone, and a quiet hour, in no hurry.
 */
const NOTICE_DAYS = 180;

const lives = cloudSqlLimits.postgresLives;

/** The newest version whose dates are published. */
const newest = () => Object.keys(lives.value).at(-1) ?? "";

const lifeOf = (version: string): VersionLife | undefined => lives.value[version];

/** The dates of a version, in words. */
export function lifeText(version: string): string {
  const life = lifeOf(version);
  if (!life) return `${version}: no dates are known here`;
  const { communityUntil, extendedFrom, endsOn } = life;
  return `${version}: supported by its community until ${communityUntil}, by Cloud SQL until ${extendedFrom}, then for a charge per vCPU until ${endsOn}`;
}

/**
 * A version that is, or soon will be, in extended support: advice, because it goes on working. `days` ahead; default:
 * from the day on which it costs.
 */
export function lifeProblems(version: string, today: string, days = 0, name: Naming<"version"> = identity): Problem[] {
  const life = lifeOf(version);
  if (!life || dayAfter(today, days) < life.extendedFrom) return [];
  const { communityUntil, extendedFrom, endsOn } = life;
  const cost =
    "its extended support is charged per vCPU on top of the instance (not priced here: cloud.google.com/sql/pricing)";
  return [
    problem({
      setting: name("version"),
      value: version,
      must: today < extendedFrom ? `be upgraded before ${extendedFrom}` : "be a version in regular support",
      because:
        today < endsOn
          ? `its community's support ends on ${communityUntil}, and from ${extendedFrom} ${cost} until ${endsOn}`
          : `Cloud SQL ended its support on ${endsOn}`,
      fix: `${newest()}, as the runbook's section on the major upgrade says`,
    }),
  ];
}

/** For the plan's check: early enough to prepare. */
export const upgradeAdvice = (version: string, today: string, name: Naming<"version">): string | undefined =>
  lifeProblems(version, today, NOTICE_DAYS, name)[0]?.message;

function dayAfter(day: string, days: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return dayOf(date);
}
