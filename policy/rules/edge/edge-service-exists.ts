import { problem } from "../../../capacity/problem";
import { REGION_NEG } from "../../../config/resource-types";
import { stackRule } from "../../framework/rule";
import { ofTypes } from "../../framework/stack-resources";
import { regionOf } from "../../resources/cloud-name";
import { referredByGroup } from "../../resources/endpoint-groups";
import { regionsOf, workloadOf } from "../../resources/workload";

export const edgeServiceExists = stackRule({
  name: "edge-service-exists",
  info: "A serverless network endpoint group points at a Cloud Run service of the stack in its own region, also where it names a tag.",
  why: "Google accepts any name, and the load balancer answers 404 to every request.",
  severity: "high",
  remediation: "Set cloudRun.service to the name of a service in the group's region, as that service's output.",
  judge(resources, { refuse, cannotEvaluate, attempt }) {
    for (const group of ofTypes(resources, REGION_NEG))
      attempt(group, () => {
        const referred = referredByGroup(group, resources);
        if (!referred) return;
        const { setting, value, services, tag } = referred;
        if (value === undefined && services.length === 0)
          return cannotEvaluate(
            `'${setting}' must name a Cloud Run service, and it is not known which one; set '${setting}' to the name of a service of this stack`,
            group,
          );
        const region = regionOf(group);
        const near = services.filter((service) => {
          const workload = workloadOf(service);
          return workload && (region === undefined || regionsOf(workload).includes(region));
        });
        const place = region === undefined ? "" : ` in ${region}`;
        if (near.length === 0)
          return refuse(
            problem({
              setting,
              value: value ?? services.map(({ name }) => name).join(" or "),
              must: `be a service of this stack${place}`,
              because:
                services.length > 0
                  ? "a group finds services of its own region only"
                  : "there is none of that name, and the load balancer would answer 404",
              fix: "the name of one, as the service's output",
            }),
            group,
          );
        if (
          tag !== undefined &&
          !near.some((service) => service.properties.list("traffics").some((share) => share.text("tag") === tag))
        )
          refuse(
            problem({
              setting: "cloudRun.tag",
              value: tag,
              must: "be a tag of the service's traffic",
              because: "no share of it has that tag",
              fix: "one that 'traffics' has, or leave it out",
            }),
            group,
          );
      });
  },
});
