import { problem } from "../../../capacity/problem";
import { REDIS } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";

export const redisAuth = resourceRule({
  name: "redis-auth",
  info: "A Redis instance requires its AUTH string.",
  why: "AUTH is off by default, and then every client in the network can read all sessions.",
  severity: "high",
  remediation: "Set authEnabled to true and pass the instance's authString to the services as a secret.",
  types: [REDIS],
  judge({ properties }, { refuse }) {
    const authEnabled = properties.flag("authEnabled");
    if (authEnabled === true) return;
    refuse(
      problem({
        setting: "authEnabled",
        value: authEnabled,
        must: "be true",
        because: "otherwise anyone in the network can read and write it",
        fix: "true",
      }),
    );
  },
});
