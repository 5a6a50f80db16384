import { describe, expect, test } from "vitest";
import { BACKEND_SERVICES, REGION_NEG } from "../../../../config/resource-types";
import { edgeIngress } from "../../../../policy/rules/edge/edge-ingress";
import { type Declared, judgeStack, UNKNOWN } from "../../harness";
import { soundService } from "../../services";

const edge: Declared = {
  type: REGION_NEG,
  name: "group",
  properties: { cloudRun: { service: "netra-backend-staging" } },
};
const withIngress = (ingress: unknown) => soundService({ properties: { ingress } });
const v1 = (annotations: unknown): Declared => ({
  type: "gcp:cloudrun/service:Service",
  name: "old",
  properties: { metadata: { annotations } },
});
const messages = async (...resources: Declared[]) =>
  (await judgeStack(edgeIngress, resources)).map(({ message }) => message);

describe("accepts", () => {
  test.each(["INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", "INGRESS_TRAFFIC_INTERNAL_ONLY"])(
    "%s beside a load balancer",
    async (ingress) => {
      expect(await messages(edge, withIngress(ingress))).toEqual([]);
    },
  );

  test("a v1 service that is as closed", async () => {
    for (const ingress of ["internal", "internal-and-cloud-load-balancing"])
      expect(await messages(edge, v1({ "run.googleapis.com/ingress": ingress }))).toEqual([]);
  });

  test("open services where there is no load balancer, or one for something else", async () => {
    expect(await messages(withIngress("INGRESS_TRAFFIC_ALL"))).toEqual([]);
    const other = { type: REGION_NEG, name: "other", properties: { networkEndpointType: "INTERNET_FQDN_PORT" } };
    expect(await messages(other, withIngress("INGRESS_TRAFFIC_ALL"))).toEqual([]);
  });
});

describe("refuses", () => {
  test("every open service beside a load balancer, also one that it does not lead to", async () => {
    const said = (value: string) =>
      `'ingress' (${value}) must be INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER because a load balancer is there, and clients can get round it; set 'ingress' to INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER`;
    const worker = soundService({ name: "worker", properties: { name: "netra-worker", ingress: undefined } });
    expect(await judgeStack(edgeIngress, [edge, withIngress("INGRESS_TRAFFIC_ALL"), worker])).toEqual([
      { message: said("INGRESS_TRAFFIC_ALL"), resource: "backend", waived: false },
      { message: said("not set"), resource: "worker", waived: false },
    ]);
  });

  test("a v1 service that says nothing, or all", async () => {
    for (const annotations of [undefined, {}, { "run.googleapis.com/ingress": "all" }])
      expect(await messages(edge, v1(annotations))).toHaveLength(1);
    expect(await messages(edge, v1({ "run.googleapis.com/ingress": "all" }))).toEqual([
      "'metadata.annotations.run.googleapis.com/ingress' (all) must be internal-and-cloud-load-balancing because a load balancer is there, and clients can get round it; set 'metadata.annotations.run.googleapis.com/ingress' to internal-and-cloud-load-balancing",
    ]);
  });
});

test("refuses a setting that is neither of the closed ones, whatever Google would make of it", async () => {
  for (const ingress of ["INGRESS_TRAFFIC_UNSPECIFIED", "internal"])
    expect(await messages(edge, withIngress(ingress))).toHaveLength(1);
  for (const ingress of ["All", "none"])
    expect(await messages(edge, v1({ "run.googleapis.com/ingress": ingress }))).toHaveLength(1);
});

test("takes no other spelling of a closed setting for an open one", async () => {
  expect(await messages(edge, withIngress("ingress_traffic_internal_load_balancer"))).toEqual([]);
});

describe("an internal service", () => {
  const backend = (loadBalancingScheme: unknown, rest: Partial<Declared> = {}): Declared => ({
    type: BACKEND_SERVICES[0] ?? "",
    name: "api",
    properties: { loadBalancingScheme },
    ...rest,
  });
  const internal = withIngress("INGRESS_TRAFFIC_INTERNAL_ONLY");
  const refused = [
    "'ingress' (INGRESS_TRAFFIC_INTERNAL_ONLY) must be INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER because an external load balancer leads to the service, and this setting refuses its requests; set 'ingress' to INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
  ];

  test("is refused behind an external load balancer", async () => {
    for (const scheme of ["EXTERNAL", "EXTERNAL_MANAGED", undefined])
      expect(await messages(edge, internal, backend(scheme))).toEqual(refused);
    const other = backend("INTERNAL_MANAGED", { name: "other" });
    expect(await messages(edge, internal, other, backend("EXTERNAL_MANAGED", { dependsOn: ["group"] }))).toEqual(
      refused,
    );
    const old = { ...v1({ "run.googleapis.com/ingress": "internal" }), name: "netra-backend-staging" };
    expect(await messages(edge, old, backend("EXTERNAL"))).toHaveLength(1);
  });

  test("is accepted behind an internal one, and where no load balancer leads to it", async () => {
    expect(await messages(edge, internal, backend("INTERNAL_MANAGED"))).toEqual([]);
    expect(await messages(edge, internal, backend("EXTERNAL"), backend("INTERNAL_MANAGED", { name: "other" }))).toEqual(
      [],
    );
    const elsewhere: Declared = {
      type: REGION_NEG,
      name: "other",
      properties: { cloudRun: { service: "netra-frontend" } },
    };
    expect(await messages(elsewhere, internal, backend("EXTERNAL"))).toEqual([]);
  });
});

describe("cannot evaluate", () => {
  test("an ingress that a preview does not know", async () => {
    expect(await messages(edge, withIngress(UNKNOWN))).toEqual([
      "cannot evaluate: 'ingress' must be INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER or narrower, and it is not stated, or not known at preview; set 'ingress' to INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
    ]);
  });

  test("an ingress that is no text", async () => {
    expect(await messages(edge, withIngress(1))).toEqual(["cannot evaluate: ingress must be a text"]);
  });
});
