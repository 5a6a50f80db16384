import { problem } from "../../../capacity/problem";
import { stackRule } from "../../framework/rule";
import { ofTypes } from "../../framework/stack-resources";
import { regionOf } from "../../resources/cloud-name";
import { connectorOf, type UsedConnector } from "../../resources/connectors";
import { regionsOf, WORKLOAD_TYPES, workloadOf } from "../../resources/workload";

export const connectorRegion = stackRule({
  name: "connector-region",
  info: "A workload and its connector are in one region.",
  why: "No preview compares the regions: Google refuses the deploy, or does not find the connector.",
  severity: "high",
  remediation: "Set template.vpcAccess.connector to a connector in the workload's own region.",
  judge(resources, { refuse, cannotEvaluate, attempt }) {
    for (const resource of ofTypes(resources, ...WORKLOAD_TYPES))
      attempt(resource, () => {
        const workload = workloadOf(resource);
        const used = workload && connectorOf(resource, workload, resources);
        if (!used) return;
        for (const region of regionsOf(workload)) {
          const possible = possibleRegions(used, region);
          const verdict = judgeRegion(used, possible, region);
          if (verdict === "unclear")
            cannotEvaluate(
              `'${used.setting}' must be a connector in ${region}, and its region is not known; set '${used.setting}' to the id of a connector of this stack that states its region`,
              resource,
            );
          if (verdict === "differs")
            refuse(
              problem({
                setting: used.setting,
                value: used.name ?? used.candidates.map(({ name }) => name).join(" or "),
                must: `be a connector in ${region}`,
                because: `${workload.label} runs there, and this one is in ${[...new Set(possible)].join(" or ")}`,
                fix: `the id of a connector in ${region}`,
              }),
              resource,
            );
        }
      });
  },
});

/**
 * The regions that the connector may be in: the one in its name, or that of the stack's connector of that name; without
 * a region in the name, those of all candidates.
 */
function possibleRegions({ region, candidates }: UsedConnector, wanted: string): readonly (string | undefined)[] {
  if (region === undefined) return candidates.map(regionOf);
  return region !== wanted || candidates.length === 0
    ? [region]
    : candidates.map((connector) => regionOf(connector) ?? region);
}

function judgeRegion(
  used: UsedConnector,
  possible: readonly (string | undefined)[],
  region: string,
): "fits" | "differs" | "unclear" {
  const fitting = possible.filter((candidate) => candidate === region).length;
  // A name without a region is looked up in the workload's own region, where a connector may exist outside the stack.
  const isBareName = used.name !== undefined && used.region === undefined;
  if (isBareName ? fitting > 0 || possible.length === 0 : fitting > 0 && fitting === possible.length) return "fits";
  return fitting > 0 || possible.length === 0 || possible.includes(undefined) ? "unclear" : "differs";
}
