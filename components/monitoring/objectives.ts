import * as gcp from "@pulumi/gcp";
import type { Monitored } from "../../capacity/monitoring/monitored";
import { OBJECTIVES_SERVICE, type Objective, objectives } from "../../capacity/monitoring/objectives";
import type { Declaring } from "../monitoring";

/** The objectives, and the service in Cloud Monitoring that has them. */
export function declareObjectives(plan: Monitored, { parent, labels, waitsFor }: Declaring): gcp.monitoring.Slo[] {
  const service = new gcp.monitoring.CustomService(
    OBJECTIVES_SERVICE,
    { serviceId: OBJECTIVES_SERVICE, displayName: "Netra staging", userLabels: { ...labels } },
    { parent, dependsOn: [...waitsFor] },
  );
  return objectives(plan).map(
    (objective) =>
      new gcp.monitoring.Slo(
        objective.id,
        {
          service: service.serviceId,
          sloId: objective.id,
          displayName: objective.title,
          goal: objective.goal,
          rollingPeriodDays: objective.days,
          requestBasedSli: indicator(objective.indicator),
          userLabels: { ...labels },
        },
        { parent },
      ),
  );
}

function indicator(of: Objective["indicator"]): gcp.types.input.monitoring.SloRequestBasedSli {
  if ("distribution" in of) return { distributionCut: { distributionFilter: of.distribution, range: { max: of.max } } };
  return {
    goodTotalRatio: {
      totalServiceFilter: of.total,
      ...("good" in of ? { goodServiceFilter: of.good } : { badServiceFilter: of.bad }),
    },
  };
}
