import { PolicyPack } from "@pulumi/policy";
import { rules } from "../../../policy/rules";

/* What the SDK alone costs: as many rules of the same kinds as the policy pack has, each of which looks at nothing. */

const nothing = () => undefined;

new PolicyPack("empty", {
  policies: rules.map(({ name, info, kind }) =>
    kind === "stack"
      ? { name, description: info, validateStack: nothing }
      : { name, description: info, validateResource: nothing },
  ),
  enforcementLevel: "mandatory",
});
