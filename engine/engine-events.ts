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

/** What the engine reports of an update, beside what it prints. */
interface Report {
  readonly failures: readonly Failure[];
  /** Whether anything was updated: a preview that failed or was declined updates nothing. */
  readonly hasUpdated: boolean;
}

export interface EventServer {
  /** For `--event-log`. */
  readonly address: string;
  /** Everything reported since the last call. */
  taken(): Report;
  stop(): void;
}

const eventSchema = z.looseObject({
  diagnosticEvent: z.looseObject({ urn: z.string().default(""), message: z.string(), severity: z.string() }).optional(),
  summaryEvent: z.looseObject({ isPreview: z.boolean().default(false) }).optional(),
});

/** What the engine says when another error was given as the reason: its last words, and what it was doing meanwhile. */
const ECHO = /^(update|preview) failed$|context canceled/;

/**
 * Listens to the engine as the Automation API does (CLI 3.205 or newer). The events hold outputs, and so secrets: they
 * never touch the disk, and nothing of them is kept but errors.
 */
export async function eventServer(): Promise<EventServer> {
  let failures: Failure[] = [];
  let hasUpdated = false;
  const note = (text: string) => {
    const { diagnosticEvent: said, summaryEvent: summary } = eventSchema.parse(JSON.parse(text));
    if (said?.severity === "error" && !ECHO.test(plain(said.message)))
      failures.push({ urn: said.urn, ...readUrn(said.urn), message: plain(said.message) });
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
    taken: () => {
      const report = { failures, hasUpdated };
      [failures, hasUpdated] = [[], false];
      return report;
    },
    stop: () => server.forceShutdown(),
  };
}

/** Without the engine's markup for colours. */
const plain = (message: string) => message.replaceAll(/<\{%.*?%\}>/g, "").trim();
