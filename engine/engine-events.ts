import * as grpc from "@grpc/grpc-js";
import { EventsService, type IEventsServer } from "@pulumi/pulumi/proto/events_grpc_pb";
import type { EventRequest } from "@pulumi/pulumi/proto/events_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { z } from "zod";
import { readUrn } from "../policy/resources/urn";

/** An error of an update. */
export interface Failure {
  /** The resource's; empty for an error of the program or the engine, as are `type` and `name`. */
  readonly urn: string;
  readonly type: string;
  /** The resource's name in the program. */
  readonly name: string;
  readonly message: string;
}

/** What the engine reports about an update in addition to its output. */
interface Report {
  readonly failures: readonly Failure[];
  /** Whether an update ran; not if its preview failed or was declined. */
  readonly hasUpdated: boolean;
}

export interface EventServer {
  /** For `--event-log`. */
  readonly address: string;
  /** Everything reported since the last call. */
  take(): Report;
  stop(): void;
}

const eventSchema = z.looseObject({
  diagnosticEvent: z.looseObject({ urn: z.string().default(""), message: z.string(), severity: z.string() }).optional(),
  summaryEvent: z.looseObject({ isPreview: z.boolean().default(false) }).optional(),
});

/** Messages that only follow from another error: the engine's summary and what it cancelled. */
const ECHO = /^(update|preview) failed$|context canceled/;

/**
 * Listens to the engine as the Automation API does (CLI 3.205 or newer). The events contain outputs and so secrets:
 * they are never written to disk, and only errors are kept.
 */
export async function eventServer(): Promise<EventServer> {
  let failures: Failure[] = [];
  let hasUpdated = false;
  const note = (text: string) => {
    const { diagnosticEvent: diagnostic, summaryEvent: summary } = eventIn(text);
    if (diagnostic?.severity === "error" && !ECHO.test(plain(diagnostic.message)))
      failures.push({ urn: diagnostic.urn, ...readUrn(diagnostic.urn), message: plain(diagnostic.message) });
    if (summary && !summary.isPreview) hasUpdated = true;
  };
  const server = new grpc.Server();
  const handlers: IEventsServer = {
    streamEvents: (call, callback) => {
      call.on("data", (request: EventRequest) => note(request.getEvent()));
      call.on("end", () => callback(null, new Empty()));
    },
  };
  server.addService(EventsService, handlers);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    address: `tcp://127.0.0.1:${port}`,
    take: () => {
      const report = { failures, hasUpdated };
      [failures, hasUpdated] = [[], false];
      return report;
    },
    stop: () => server.forceShutdown(),
  };
}

/** An event in another form adds nothing: pulumi itself prints it, and must not end with this process. */
function eventIn(text: string): z.output<typeof eventSchema> {
  try {
    return eventSchema.parse(JSON.parse(text));
  } catch {
    return {};
  }
}

/** Removes the engine's colour markup. */
const plain = (message: string) => message.replaceAll(/<\{%.*?%\}>/g, "").trim();
