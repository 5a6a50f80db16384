import { redisLimits } from "../limits";
import { clamp, identity, type Naming, type Problem, problem } from "../problem";
import { freeRange, parseRange, rangeProblems } from "./ranges";

/** How a Memorystore instance is reached, and the range it states for that. */
export interface RedisAccess {
  /** `DIRECT_PEERING` or `PRIVATE_SERVICE_ACCESS`. Default: the former. */
  readonly connectMode?: string | undefined;
  /** Default: Google chooses. */
  readonly reservedIpRange?: string | undefined;
}

/** Whether the instance takes its addresses from a range that is allocated to Google's services. */
export const usesPrivateServices = ({ connectMode }: RedisAccess): boolean => connectMode === "PRIVATE_SERVICE_ACCESS";

/**
 * A range in the form of the other connect mode: an allocated range goes by its name, one of the instance's own by its
 * addresses. `allocated`: the name of the range that is allocated, where it is known.
 */
export function redisRangeProblems(
  access: RedisAccess,
  { setting = "reservedIpRange", allocated }: { readonly setting?: string; readonly allocated?: string } = {},
): Problem[] {
  const value = access.reservedIpRange;
  if (!value) return [];
  if (!usesPrivateServices(access)) {
    const most = redisLimits.directPeeringMaxPrefix.value;
    const range = parseRange(value);
    if (range && range.prefix <= most) return [];
    if (!range && value.includes("/")) return rangeProblems(setting, value);
    const because = "with DIRECT_PEERING the instance has a block of addresses of its own";
    const fix = freeRange(most, []);
    return [problem({ setting, value, must: `be a range of addresses, a /${most} or larger`, because, fix })];
  }
  const isAddress = /^[\d.]+(\/\d+)?$/.test(value);
  if (!isAddress && (allocated === undefined || value === allocated)) return [];
  const because =
    "with PRIVATE_SERVICE_ACCESS the instance takes addresses from a range that is allocated to Google's services";
  return [
    problem({
      setting,
      value,
      must: "be the name of an allocated range",
      because,
      fix: allocated ?? "the name of the range, or leave it out",
    }),
  ];
}

/**
 * A Memorystore instance without memory, with a version in an invalid form, or with read replicas that its tier has
 * not. A version left out is the latest. Source on replicas: API reference of Memorystore, replicaCount and
 * readReplicasMode.
 */
export function redisProblems(
  redis: {
    readonly memoryGb?: number | undefined;
    readonly version?: string | undefined;
    readonly tier?: string | undefined;
    readonly hasReplicas?: boolean | undefined;
  },
  name: Naming<"memoryGb" | "version" | "tier"> = identity,
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
  if (redis.tier === "BASIC" && redis.hasReplicas)
    problems.push(
      problem({
        setting: name("tier"),
        value: redis.tier,
        must: "be STANDARD_HA",
        because: "an instance of tier BASIC has no read replicas, and Memorystore refuses them at creation",
        fix: "STANDARD_HA, or leave out the replicas",
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
