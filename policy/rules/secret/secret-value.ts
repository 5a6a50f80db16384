import { encodedSecretProblems, secretKind, secretValueProblems } from "../../../capacity/constraints/secret-value";
import { problem } from "../../../capacity/problem";
import { REGIONAL_SECRET_VERSION, SECRET_VERSION } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";
import { cloudName } from "../../resources/cloud-name";

export const secretValue = resourceRule({
  name: "secret-value",
  info: "A secret's known value has no surrounding whitespace, is not a placeholder, and is long enough for a key.",
  why: "Two of staging's values ended in a newline, which broke their consumers, and no preview checks values.",
  severity: "high",
  remediation: "Set secretData to the bare value; generate keys with random.RandomPassword.",
  types: [SECRET_VERSION, REGIONAL_SECRET_VERSION],
  judge({ name, properties }, { refuse }) {
    const fields = ["secretData", "secretDataWo"].filter((field) => properties.has(field));
    if (fields.length === 0)
      return refuse(
        problem({
          setting: "secretData",
          value: undefined,
          must: "be set",
          because: "a version without a value cannot be created",
          fix: "the secret's value",
        }),
      );
    // The id is unknown until the secret exists; its last part is the name.
    const id = properties.isUnknown("secret") ? undefined : cloudName(properties.text("secret"), "secrets")?.name;
    const kind = secretKind(name, id ?? "");
    for (const field of fields) {
      const value = properties.knownSecret(field);
      if (value === undefined) continue;
      const isEncoded = properties.flag("isSecretDataBase64") && value !== "";
      refuse(...(isEncoded ? encodedSecretProblems : secretValueProblems)(field, value, kind));
    }
  },
});
