import { redisLimits } from "./limits";
import { asIs, clamp, type Naming, type Problem, problem } from "./problem";

/** A Memorystore instance without memory, or with a version that is written as none is. A version left out is the latest. */
export function redisProblems(
  redis: { readonly memoryGb?: number | undefined; readonly version?: string | undefined },
  name: Naming<"memoryGb" | "version"> = asIs,
): Problem[] {
  const problems: Problem[] = [];
  const least = redisLimits.memoryGbMin.value;
  if (redis.memoryGb === undefined || !Number.isInteger(redis.memoryGb) || redis.memoryGb < least)
    problems.push(
      problem({
        setting: name("memoryGb"),
        value: redis.memoryGb,
        must: `be a whole number of at least ${least}`,
        because: "Memorystore sells whole gigabytes and refuses anything else at creation",
        fix: clamp(redis.memoryGb ?? least, { min: least, max: Number.MAX_SAFE_INTEGER }),
      }),
    );
  if (redis.version && !/^REDIS_\d_[\dX]$/.test(redis.version)) {
    const [, major = "7", minor = "2"] = /(\d)[._](\d|x)/i.exec(redis.version) ?? [];
    problems.push(
      problem({
        setting: name("version"),
        value: redis.version,
        must: "be written like REDIS_7_2",
        because: "Memorystore knows no other spelling and only says so at creation",
        fix: `REDIS_${major}_${minor.toUpperCase()}`,
      }),
    );
  }
  return problems;
}
