import { secretValueProblems } from "../../../capacity/constraints/secret-value";
import { problem } from "../../../capacity/problem";
import { SQL_USER } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";

/** Users that log in with a Google or Microsoft identity and have no password. */
const PASSWORDLESS = /^(CLOUD_IAM|ENTRAID)_/;

export const databaseUserPassword = resourceRule({
  name: "database-user-password",
  info: "A built-in database user has a password, and not a placeholder.",
  why: "The preview passes without a password; then the user can never log in, or anyone can.",
  severity: "high",
  remediation: "Set password to a generated value, or passwordWo with passwordWoVersion.",
  types: [SQL_USER],
  judge({ properties }, { refuse }) {
    const stated = ["password", "passwordWo"].filter((field) => properties.hasText(field));
    for (const field of stated) {
      const value = properties.knownSecret(field);
      if (value !== undefined) refuse(...secretValueProblems(field, value, "opaque"));
    }
    if (stated.length > 0 || PASSWORDLESS.test(properties.choice("type") ?? "")) return;
    refuse(
      problem({
        setting: "password",
        value: undefined,
        must: "be set",
        because: "a built-in user logs in with it",
        fix: "a random.RandomPassword's result",
      }),
    );
  },
});
