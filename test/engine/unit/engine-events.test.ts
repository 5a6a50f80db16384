import * as grpc from "@grpc/grpc-js";
import { EventsClient } from "@pulumi/pulumi/proto/events_grpc_pb";
import { EventRequest } from "@pulumi/pulumi/proto/events_pb";
import { expect, test } from "vitest";
import { eventServer } from "../../../engine/engine-events";

test("an event in an unknown form adds nothing and ends nothing", async () => {
  const server = await eventServer();
  const client = new EventsClient(server.address.replace("tcp://", ""), grpc.credentials.createInsecure());
  const urn = "urn:pulumi:staging::netra::gcp:redis/instance:Instance::cache";
  const message = "<{%reset%}>it failed<{%reset%}>\n";
  await new Promise<void>((resolve, reject) => {
    const call = client.streamEvents((error) => (error ? reject(error) : resolve()));
    for (const event of [
      "",
      "null",
      '{"diagnosticEvent": null}',
      '{"summaryEvent": {"isPreview": "no"}}',
      JSON.stringify({ diagnosticEvent: { urn, message, severity: "error" } }),
    ]) {
      const request = new EventRequest();
      request.setEvent(event);
      call.write(request);
    }
    call.end();
  });
  client.close();
  expect(server.take()).toEqual({
    failures: [{ urn, type: "gcp:redis/instance:Instance", name: "cache", message: "it failed" }],
    hasUpdated: false,
  });
  server.stop();
});
