import { problem } from "../../capacity/problem";
import type { Inputs } from "../inputs";
import { stackRule } from "../rule";
import { REGION_NEG, RUN_SERVICE, RUN_SERVICE_V1 } from "../types";

interface Kind {
  readonly holder: (service: Inputs) => Inputs;
  readonly key: string;
  readonly closed: string;
  readonly narrower: string;
}

/** How each kind of service says where its requests may come from. */
const KINDS: Readonly<Record<string, Kind>> = {
  [RUN_SERVICE]: {
    holder: (service) => service,
    key: "ingress",
    closed: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
    narrower: "INGRESS_TRAFFIC_INTERNAL_ONLY",
  },
  [RUN_SERVICE_V1]: {
    holder: (service) => service.object("metadata").object("annotations"),
    key: "run.googleapis.com/ingress",
    closed: "internal-and-cloud-load-balancing",
    narrower: "internal",
  },
};

export const edgeIngress = stackRule({
  name: "edge-ingress",
  info: "Beside a load balancer, every Cloud Run service takes requests from it only, or from inside.",
  why: "A service that is open has an address of its own, past the load balancer's certificates, throttle and logs.",
  severity: "high",
  remediation: "Set ingress to INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER.",
  judge(resources, { refuse, cannotEvaluate, attempt }) {
    const hasEdge = resources.some(({ type, properties }) => type === REGION_NEG && properties.mayHave("cloudRun"));
    if (!hasEdge) return;
    for (const resource of resources) {
      const kind = KINDS[resource.type];
      if (!kind) continue;
      attempt(resource, () => {
        const { key, closed, narrower } = kind;
        const holder = kind.holder(resource.properties);
        const setting = holder.at(key);
        // In outputs a preview does not know what the program left out.
        if (holder.isUnknown(key))
          return cannotEvaluate(
            `'${setting}' must be ${closed} or narrower, and it is not stated, or not known at preview; set '${setting}' to ${closed}`,
            resource,
          );
        const ingress = holder.text(key) || undefined;
        if (ingress === closed || ingress === narrower) return;
        const because = "a load balancer is there, and clients can get round it";
        refuse(problem({ setting, value: ingress, must: `be ${closed}`, because, fix: closed }), resource);
      });
    }
  },
});
