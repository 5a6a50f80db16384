import { secretIdProblems } from "../../../capacity/constraints/secret-value";
import { SECRETS } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";

export const secretId = resourceRule({
  name: "secret-id",
  info: "A secret's id is one that Secret Manager accepts.",
  why: "The preview accepts any text; Google refuses it at creation, after other resources have been created.",
  severity: "low",
  remediation: "Set secretId to letters, digits, hyphens and underscores, at most 255.",
  types: SECRETS,
  judge({ properties }, { refuse }) {
    refuse(...secretIdProblems(properties.text("secretId")));
  },
});
