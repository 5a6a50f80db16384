import { trafficProblems } from "../../capacity/cloudrun";
import { resourceRule } from "../rule";
import { RUN_SERVICE, RUN_SERVICE_V1, RUN_WORKER_POOL } from "../types";

export const serviceTraffic = resourceRule({
  name: "service-traffic",
  info: "A service's shares of traffic (a worker pool's of instances) add up to 100 percent.",
  why: "The preview checks no sum; Google refuses the rollout.",
  severity: "medium",
  remediation: "Make the percents of traffics add up to 100, or leave traffics out.",
  types: [RUN_SERVICE, RUN_SERVICE_V1, RUN_WORKER_POOL],
  judge({ type, properties }, { refuse }) {
    const key = type === RUN_WORKER_POOL ? "instanceSplits" : "traffics";
    const percents = properties.list(key).map((share) => share.number("percent"));
    refuse(...trafficProblems(percents, { all: properties.at(key), one: (index) => `${properties.at(key)}[${index}].percent` }));
  },
});
