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

/** One storm as it was. */
export interface StormOutcome {
  /** Of the first tries, one for each start. */
  readonly starts: readonly StartOutcome[];
  /** What connects failed with, those of second tries included. */
  readonly errors: ErrorCounts;
}

/**
 * One client process a core: more would only take turns on it, at the price of a switch each time. No more than memory
 * is likely to hold.
 */
const MOST_PROCESSES = 16;
/** Connects of each process before the first storm: by then its code is compiled. */
const WARM_UP = 100;
/** From the order to the storm: by then every process has heard of it. */
const LEAD_SECONDS = 0.02;

/** The client processes and the relay that a rehearsal starts here. */
export const processesFor = ({ clientCpus }: Cores): number => Math.min(MOST_PROCESSES, clientCpus);

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

  /** Sets the stage; `add` is told of each part as soon as it is there, so that all can be removed whatever happens. */
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

  /** Starts the server with those limits, anew where it runs, and tells everyone where it is. */
  async serve(limits: { readonly maxConnections: number; readonly reservedConnections: number }): Promise<void> {
    await this.release();
    await this.server.start(limits);
    await this.reach(undefined);
  }

  /** How clients reach the server from now on: straight, or through a relay that behaves so. */
  async reach(relay: RelayBehaviour | undefined): Promise<void> {
    if (relay) await this.relay.ask({ kind: "set", behaviour: relay, target: this.server.port }, "set");
    const port = relay ? this.relayPort : this.server.port;
    await Promise.all(
      this.clients.map((client) => client.ask({ kind: "reach", access: this.server.access, port }, "reached")),
    );
  }

  /** Lets every client process connect, half of the time through the relay, until its code is compiled. */
  async warmUp(): Promise<void> {
    for (const relay of [{}, undefined]) {
      await this.reach(relay);
      for (let round = 0; round < WARM_UP / 2; round++) await this.connectOnce();
    }
    await this.server.settled(this.held.length);
  }

  /**
   * Makes the users of a storm with their limits, and opens the connections that are there before it and stay: theirs,
   * and others.
   */
  async prepare({ groups, database }: StormInput): Promise<void> {
    await this.release();
    await this.server.settled(0);
    for (const { service, userLimit } of groups) await this.server.admit(userOf(service), userLimit);
    const holders = groups.flatMap(({ service, userConnections }) =>
      Array.from({ length: userConnections }, () => userOf(service)),
    );
    while (this.held.length < database.heldConnections)
      this.held.push(await this.server.user(holders[this.held.length]));
  }

  private async release(): Promise<void> {
    await Promise.all(this.held.splice(0).map((client) => client.end()));
  }

  /**
   * Runs the storm of that input once, until every first try is ready or has failed, and waits until nothing of it is
   * left.
   */
  async storm(input: StormInput, relay: RelayBehaviour | undefined, rowsPerCpuMs: number): Promise<StormOutcome> {
    // A process that has slept starts slowly, which is no part of a storm.
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

  /** Every process opens a connection and closes it. */
  private async connectOnce(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.ask({ kind: "connect", count: 1 }, "connected")));
    await Promise.all(this.clients.map((client) => client.ask({ kind: "close" }, "closed")));
  }
}
