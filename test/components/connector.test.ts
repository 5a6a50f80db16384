import * as gcp from "@pulumi/gcp";
import { expect, test } from "vitest";
import { Connector } from "../../components/connector";
import { CONNECTOR } from "../../config/resource-types";
import { only, registeredBy, waitsFor } from "../fixtures/programs";

const args = {
  name: "staging-connector",
  region: "us-central1",
  network: "staging-vpc",
  ipCidrRange: "10.1.0.0/28",
  machineType: "e2-micro",
  minInstances: 3,
  maxInstances: 10,
  waitsFor: [],
};

test("states the connector's name and both counts, and never a throughput, which would force replacements", async () => {
  const connector = only(await registeredBy(() => new Connector("connector", args)), CONNECTOR);
  expect(connector.name).toBe("staging-connector");
  expect(connector.inputs).toEqual({
    name: "staging-connector",
    region: "us-central1",
    network: "staging-vpc",
    ipCidrRange: "10.1.0.0/28",
    machineType: "e2-micro",
    minInstances: 3,
    maxInstances: 10,
  });
});

test("is protected, because replacing it deletes it while services still point at it", async () => {
  const connector = only(await registeredBy(() => new Connector("connector", args)), CONNECTOR);
  expect(connector.options).toMatchObject({ protect: true, deleteBeforeReplace: false, ignoreChanges: [] });
  expect(connector.parent).toBe("urn:pulumi:staging::netra::netra:staging:Connector::connector");
});

test("waits for the enabled APIs", async () => {
  const registered = await registeredBy(() => {
    const api = new gcp.projects.Service("api-vpcaccess", { service: "vpcaccess.googleapis.com" });
    new Connector("connector", { ...args, waitsFor: [api] });
  });
  expect(waitsFor(only(registered, CONNECTOR))).toEqual(["api-vpcaccess"]);
});
