import { redisProblems } from "../../../capacity/constraints/redis";
import { REDIS } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";

export const redisVersionAndSize = resourceRule({
  name: "redis-version-and-size",
  info: "A Redis instance has whole gigabytes of memory, a version in Memorystore's form, and read replicas only in tier STANDARD_HA.",
  why: "The preview accepts any number, text and tier; Google refuses them at creation.",
  severity: "medium",
  remediation: "Set memorySizeGb to 1 or more, and redisVersion to a value such as REDIS_7_2 or not at all.",
  types: [REDIS],
  judge({ properties }, { refuse }) {
    // The provider's default; nothing follows from an unknown tier.
    const tier = properties.isUnknown("tier") ? undefined : properties.choice("tier") || "BASIC";
    const known = properties.knownOnly();
    const hasReplicas = known.choice("readReplicasMode") === "READ_REPLICAS_ENABLED";
    const redis = {
      memoryGb: properties.number("memorySizeGb"),
      version: properties.text("redisVersion"),
      tier,
      hasReplicas,
    };
    refuse(
      ...redisProblems(redis, (field) => ({ memoryGb: "memorySizeGb", version: "redisVersion", tier: "tier" })[field]),
    );
  },
});
