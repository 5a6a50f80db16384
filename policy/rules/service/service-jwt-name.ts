import { problem } from "../../../capacity/problem";
import { resourceRule } from "../../framework/rule";
import { WORKLOAD_TYPES, workloadOf } from "../../resources/workload";

const THE_NAME = "JWT_SECRET_KEY";

export const serviceJwtName = resourceRule({
  name: "service-jwt-name",
  info: "The secret that signs tokens has the name JWT_SECRET_KEY in every workload.",
  why: "Two services resolved JWT_SECRET, JWT_SECRET_KEY and JWT_SECRET_STAGING in different orders, and rejected each other's tokens.",
  severity: "high",
  convention: "whole",
  remediation: "Keep JWT_SECRET_KEY and remove every other variable whose name contains JWT_SECRET.",
  types: WORKLOAD_TYPES,
  judge(resource, { refuse, attempt }) {
    for (const container of workloadOf(resource)?.containers ?? [])
      for (const { name, setting } of attempt(() => container.variables) ?? [])
        if (/(^|_)JWT_?SECRET/i.test(name) && name !== THE_NAME)
          refuse(
            problem({
              setting,
              must: "not be set",
              because: "services resolve several names of one secret in different orders",
              instead: `set '${THE_NAME}' instead`,
            }),
          );
  },
});
