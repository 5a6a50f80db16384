import { redisProblems } from "../../capacity/redis";
import { resourceRule } from "../rule";
import { REDIS } from "../types";

export const redisVersionAndSize = resourceRule({
  name: "redis-version-and-size",
  info: "A Redis instance has whole gigabytes of memory and a version written as Memorystore writes it.",
  why: "The preview takes any number and any text; Google refuses them at creation.",
  severity: "medium",
  remediation: "Set memorySizeGb to 1 or more, and redisVersion to a value such as REDIS_7_2 or not at all.",
  types: [REDIS],
  judge({ properties }, { refuse }) {
    const redis = { memoryGb: properties.number("memorySizeGb"), version: properties.text("redisVersion") };
    refuse(...redisProblems(redis, (field) => (field === "memoryGb" ? "memorySizeGb" : "redisVersion")));
  },
});
