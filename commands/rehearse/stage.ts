import type { Client } from "pg";
import type { StormInput } from "../../capacity/storm/model";
import { type Cores, divideCores } from "./machine";
import type { Part } from "./part";
import { Peer } from "./peer";
import {
  type ClientAnswer,
  type ClientOrder,
  clockSeconds,
  type ErrorCounts,
  type RelayAnswer,
  type RelayOrder,
  type StartOutcome,
  sumOf,
  userOf,
} from "./protocol";
import type { RelayBehaviour } from "./relay";
import { PostgresServer } from "./server";

/** What one storm on the real server gave. */
export interface StormOutcome {
  /** Outcome of the first try of each start. */
  readonly starts: readonly StartOutcome[];
  /** Errors of all connects, those of later tries included. */
  readonly errors: ErrorCounts;
}

/** Limits the memory of the client processes. */
const MAX_PROCESSES = 16;
/** Connects of each process before the first storm, so that the code is compiled by then. */
const WARM_UP_CONNECTS = 100;
/** From the order to the storm, so that every process has received the order by then. */
const LEAD_SECONDS = 0.02;

/** The number of client processes: one a core, because more would only switch between each other. */
export const processesFor = ({ clientCpus }: Cores): number => Math.min(MAX_PROCESSES, clientCpus);

/** Everything a storm needs: a server, a relay, and processes full of clients. */
export class Stage {
  private held: Client[] = [];

  private constructor(
    readonly cores: Cores,
    readonly server: PostgresServer,
    readonly relay: Peer<RelayOrder, RelayAnswer>,
    private readonly relayPort: number,
    readonly clients: readonly Peer<ClientOrder, ClientAnswer>[],
  ) {}

  /** Sets the stage. `add` receives each part as soon as it exists, so that all can be removed whatever happens. */
  static async set(add: (part: Part) => void): Promise<Stage> {
    const cores = divideCores();
    const server = await PostgresServer.create(cores.server);
    add(server);
    const client = async () => {
      const { peer } = await Peer.start<ClientOrder, ClientAnswer>("client-process.ts", cores.clients, add);
      return peer;
    };
    const [relay, ...clients] = await Promise.all([
      Peer.start<RelayOrder, RelayAnswer>("relay-process.ts", cores.clients, add),
      ...Array.from({ length: processesFor(cores) }, client),
    ]);
    await relay.peer.ask({ kind: "guard", folder: server.folder }, "guarding");
    return new Stage(
      cores,
      server,
      relay.peer,
      relay.listening.kind === "listening" ? relay.listening.port : 0,
      clients,
    );
  }

  /** Starts or restarts the server with these limits and points the clients to it. */
  async serve(limits: { readonly maxConnections: number; readonly reservedConnections: number }): Promise<void> {
    await this.release();
    await this.server.start(limits);
    await this.reach(undefined);
  }

  /** Points the clients to the server: directly, or through a relay with this behaviour. */
  async reach(relay: RelayBehaviour | undefined): Promise<void> {
    if (relay) await this.relay.ask({ kind: "set", behaviour: relay, target: this.server.port }, "set");
    const port = relay ? this.relayPort : this.server.port;
    await Promise.all(
      this.clients.map((client) => client.ask({ kind: "reach", access: this.server.access, port }, "reached")),
    );
  }

  /** Lets every client process connect until its code is compiled, half of the times through the relay. */
  async warmUp(): Promise<void> {
    for (const relay of [{}, undefined]) {
      await this.reach(relay);
      for (let round = 0; round < WARM_UP_CONNECTS / 2; round++) await this.connectOnce();
    }
    await this.server.settled(this.held.length);
  }

  /** Creates the storm's users with their limits, and opens the connections that are held throughout the storm. */
  async prepare({ groups, database }: StormInput): Promise<void> {
    await this.release();
    await this.server.settled(0);
    for (const { service, userLimit } of groups) await this.server.createUser(userOf(service), userLimit);
    const holders = groups.flatMap(({ service, userConnections }) =>
      Array.from({ length: userConnections }, () => userOf(service)),
    );
    while (this.held.length < database.heldConnections)
      this.held.push(await this.server.user(holders[this.held.length]));
  }

  private async release(): Promise<void> {
    await Promise.all(this.held.splice(0).map((client) => client.end()));
  }

  /** Runs one storm until every first try is ready or has failed, and waits until its connections are gone. */
  async storm(input: StormInput, relay: RelayBehaviour | undefined, rowsPerCpuMs: number): Promise<StormOutcome> {
    // A process that has slept starts slowly: wake it before the storm.
    await this.reach(relay && {});
    await this.connectOnce();
    await this.server.settled(this.held.length);
    await this.reach(relay);
    const groups = input.groups.flatMap((group) => Array.from({ length: group.starts }, () => group));
    const beginsAt = clockSeconds() + LEAD_SECONDS;
    const decided = await Promise.all(
      this.clients.map((client, i) =>
        client.ask(
          {
            kind: "storm",
            groups: groups.filter((_, start) => start % this.clients.length === i),
            restartSeconds: input.restartSeconds,
            rowsPerCpuMs,
            beginsAt,
          },
          "decided",
        ),
      ),
    );
    const ended = await Promise.all(this.clients.map((client) => client.ask({ kind: "end" }, "ended")));
    await this.server.settled(this.held.length);
    return { starts: decided.flatMap(({ outcomes }) => outcomes), errors: sumOf(ended.map(({ errors }) => errors)) };
  }

  /** Every client process opens one connection and closes it. */
  private async connectOnce(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.ask({ kind: "connect", count: 1 }, "connected")));
    await Promise.all(this.clients.map((client) => client.ask({ kind: "close" }, "closed")));
  }
}
