import { problem } from "../../../capacity/problem";
import { stackRule } from "../../framework/rule";
import { isOtherProvider } from "../../resources/connection-types";

export const providerJudged = stackRule({
  name: "provider-judged",
  info: "Every resource of a kind that the rules judge is declared with the provider gcp, whose types the rules read.",
  why: "No other rule sees a service, a database or a connector of another Google provider: its faults pass, and sums leave it out.",
  severity: "high",
  remediation: "Declare it with @pulumi/gcp, or check it manually and waive this rule for it.",
  judge(resources, { cannotEvaluate }) {
    for (const resource of resources)
      if (isOtherProvider(resource))
        cannotEvaluate(
          problem({
            setting: resource.name,
            value: resource.type,
            must: "be a resource of the provider gcp",
            because: "the rules read the types and properties of that provider only",
            instead: "declare it with @pulumi/gcp, or check it manually and waive this rule for it",
          }),
          resource,
        );
  },
});
