import { problem } from "../../../capacity/problem";
import { stackRule } from "../../framework/rule";
import { isOtherProvider } from "../../resources/connection-types";

export const providerJudged = stackRule({
  name: "provider-judged",
  info: "Every resource of a kind that the rules judge comes from the provider whose types they read: gcp.",
  why: "To every other rule a service, a database or a connector of another Google provider is not there: its fault passes, and sums lack it.",
  severity: "high",
  remediation: "Declare it with @pulumi/gcp; or check it by hand and waive this rule for it.",
  judge(resources, { cannotEvaluate }) {
    for (const resource of resources)
      if (isOtherProvider(resource))
        cannotEvaluate(
          problem({
            setting: resource.name,
            value: resource.type,
            must: "be a resource of the provider gcp",
            because: "the rules read that provider's types and properties, and judge nothing of this one",
            instead: "declare it with @pulumi/gcp, or check it by hand and waive this rule for it",
          }),
          resource,
        );
  },
});
