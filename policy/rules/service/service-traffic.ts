import { trafficProblems } from "../../../capacity/constraints/cloudrun";
import { problem } from "../../../capacity/problem";
import { RUN_SERVICE, RUN_SERVICE_V1, RUN_WORKER_POOL } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";
import { namedRevision, sharesOf } from "../../resources/traffic";

export const serviceTraffic = resourceRule({
  name: "service-traffic",
  info: "All traffic (a worker pool's instances) goes to the template's revision, in shares that add up to 100 percent.",
  why: "A fixed revision name makes the next update fail, traffic pinned to another revision runs a template that no rule has judged, and Google refuses other sums; the preview checks none of this.",
  severity: "medium",
  remediation:
    "Leave out template.revision and traffics, or send 100 percent to the latest revision; a tag needs no percent.",
  types: [RUN_SERVICE, RUN_SERVICE_V1, RUN_WORKER_POOL],
  judge(resource, { refuse, cannotEvaluate, attempt }) {
    const named = attempt(() => namedRevision(resource));
    if (named && !named.followsImage) {
      const because =
        "the next change of the template asks for a second revision of this name, and Google refuses that (409)";
      refuse(
        problem({
          setting: named.setting,
          value: named.name,
          must: "be left out",
          because,
          instead: "remove it: Cloud Run names every revision itself",
        }),
      );
    }
    const { setting, shares } = sharesOf(resource);
    const percents = shares.map(({ inputs }) => inputs.number("percent"));
    refuse(...trafficProblems(percents, { all: setting, one: (index) => `${setting}[${index}].percent` }));
    for (const [index, { inputs, key }] of shares.entries())
      attempt(() => {
        const percent = percents[index] ?? 0;
        const pinned = inputs.isUnknown(key) ? "not known at preview" : inputs.text(key);
        if (percent <= 0 || !pinned || pinned === named?.name) return;
        const because = `${percent} percent run another template than the one that is judged`;
        const instead = `set '${setting}' to 100 percent for the latest revision, and give this one a tag without percent`;
        cannotEvaluate(problem({ setting: inputs.at(key), value: pinned, must: "not take traffic", because, instead }));
      });
  },
});
