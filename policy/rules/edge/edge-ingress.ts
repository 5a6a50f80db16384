import { problem } from "../../../capacity/problem";
import { BACKEND_SERVICES, REGION_NEG, RUN_SERVICE, RUN_SERVICE_V1 } from "../../../config/resource-types";
import type { Inputs } from "../../framework/inputs";
import { type StackResource, stackRule } from "../../framework/rule";
import { ofTypes } from "../../framework/stack-resources";
import { dependenciesOf } from "../../resources/dependencies";
import { referredByGroup } from "../../resources/endpoint-groups";

interface Kind {
  readonly holder: (service: Inputs) => Inputs;
  readonly key: string;
  readonly closed: string;
  readonly narrower: string;
}

/** The setting in which each kind of service states its ingress. */
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
  info: "In a stack with a load balancer, every Cloud Run service accepts requests only from it or from inside, and a service behind an external load balancer accepts its requests.",
  why: "An open service has its own address, which bypasses the load balancer's certificates, throttling and logs; an internal service refuses requests of an external load balancer.",
  severity: "high",
  remediation: "Set ingress to INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER.",
  judge(resources, { refuse, cannotEvaluate, attempt }) {
    const groups = resources.filter(({ type, properties }) => type === REGION_NEG && properties.mayHave("cloudRun"));
    if (groups.length === 0) return;
    const external = groups.filter((group) => isExternal(group, resources));
    for (const resource of resources) {
      const kind = Object.hasOwn(KINDS, resource.type) ? KINDS[resource.type] : undefined;
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
        const isReached = external.some((group) => referredByGroup(group, resources)?.services.includes(resource));
        const isNarrower = isSame(ingress, narrower);
        if (isSame(ingress, closed) || (isNarrower && !isReached)) return;
        const because = isNarrower
          ? "an external load balancer leads to the service, and this setting refuses its requests"
          : "a load balancer is there, and clients can get round it";
        refuse(problem({ setting, value: ingress, must: `be ${closed}`, because, fix: closed }), resource);
      });
    }
  },
});

/** In any case of letters: provider and Google refuse other spellings, and none has another meaning. */
const isSame = (stated: string | undefined, value: string) => stated?.toUpperCase() === value.toUpperCase();

/**
 * Whether all known backend services of the group belong to an external load balancer. Only an internal load balancer's
 * requests come from inside. Source: docs.cloud.google.com/run/docs/securing/ingress.
 */
function isExternal(group: StackResource, stack: readonly StackResource[]): boolean {
  const backends = ofTypes(stack, ...BACKEND_SERVICES);
  const taking = backends.filter((backend) => dependenciesOf(backend, [REGION_NEG]).includes(group));
  const used = taking.length > 0 ? taking : backends;
  // The provider's defaults: external for a global service, internal for a regional one.
  const schemeOf = ({ type, properties }: StackResource) =>
    properties.knownOnly().choice("loadBalancingScheme") ?? (type === BACKEND_SERVICES[0] ? "EXTERNAL" : "INTERNAL");
  return used.length > 0 && used.every((backend) => schemeOf(backend).startsWith("EXTERNAL"));
}
