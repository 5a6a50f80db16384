import type { Client } from "pg";
import type { StormInput } from "../capacity/storm";
import { type Cores, divideCores } from "./machine";
import { Peer } from "./peer";
import { type ClientAnswer, type ClientOrder, clockSeconds, type ErrorCounts, type RelayAnswer, type RelayOrder, type StartOutcome, sumOf } from "./protocol";
import type { RelayBehaviour } from "./relay";
import { PostgresServer } from "./server";

/** A part of the stage that must go when the rehearsal ends, and whose own end ends the rehearsal. */
export interface Part {
  remove(): Promise<void>;
  /** Never fulfilled; rejects when the part ends by itself. */
  readonly died: Promise<never>;
}

/** One storm as it was. */
export interface StormOutcome {
  /** Of the first tries, one for each start. */
  readonly starts: readonly StartOutcome[];
  /** What connects failed with, those of second tries included. */
  readonly errors: ErrorCounts;
}

/** Client processes a core, because none of them may be what a storm waits for; and no more than memory is likely to hold. */
const PROCESSES_PER_CORE = 4;
const MOST_PROCESSES = 16;
/** Connects of each process before the first storm: by then its code is compiled. */
const WARM_UP = 40;
/** From the order to the storm: by then every process has heard of it. */
const LEAD_SECONDS = 0.02;

/** The client processes and the relay that a rehearsal starts here. */
export const processesFor = ({ clientCpus }: Cores): number => Math.min(MOST_PROCESSES, PROCESSES_PER_CORE * clientCpus);

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
    return new Stage(cores, server, relay.peer, relay.listening.kind === "listening" ? relay.listening.port : 0, clients);
  }

  /** Starts the server with those limits, anew where it runs, and tells everyone where it is. */
  async serve(limits: { readonly maxConnections: number; readonly reservedConnections: number }): Promise<void> {
    await this.hold(0);
    await this.server.start(limits);
    await this.relayAs({});
    await Promise.all(this.clients.map((client) => client.ask({ kind: "reach", access: this.server.access, port: this.relayPort }, "reached")));
  }

  /** What the relay does from now on. */
  async relayAs(behaviour: RelayBehaviour): Promise<void> {
    await this.relay.ask({ kind: "set", behaviour, target: this.server.port }, "set");
  }

  /** Lets every client process connect until its code is compiled. */
  async warmUp(): Promise<void> {
    for (let round = 0; round < WARM_UP; round++) await this.connectOnce();
    await this.server.settled(this.held.length);
  }

  /** Opens connections that are there before the storm and stay, or closes what is too many. */
  async hold(count: number): Promise<void> {
    await Promise.all(this.held.splice(count).map((client) => client.end()));
    while (this.held.length < count) this.held.push(await this.server.user());
  }

  /** Runs the storm of that input once, until every first try is ready or has failed, and waits until nothing of it is left. */
  async storm(input: StormInput, relay: RelayBehaviour, rowsPerCpuMs: number): Promise<StormOutcome> {
    // A process that has slept starts slowly, which is no part of a storm.
    await this.relayAs({});
    await this.connectOnce();
    await this.server.settled(this.held.length);
    await this.relayAs(relay);
    const groups = input.groups.flatMap((group) => Array.from({ length: group.starts }, () => group));
    const starts: StartOutcome[] = [];
    let allDecided: () => void = () => undefined;
    const decided = new Promise<void>((resolve) => {
      allDecided = resolve;
    });
    const beginsAt = clockSeconds() + LEAD_SECONDS;
    const forget = this.clients.map((client, i) => {
      client.tell({
        kind: "storm",
        groups: groups.filter((_, start) => start % this.clients.length === i),
        restartSeconds: input.restartSeconds,
        rowsPerCpuMs,
        beginsAt,
      });
      return client.hear((answer) => {
        if (answer.kind === "decided" && starts.push(answer.outcome) === groups.length) allDecided();
      });
    });
    await decided;
    const ended = await Promise.all(this.clients.map((client) => client.ask({ kind: "end" }, "ended")));
    for (const stop of forget) stop();
    await this.server.settled(this.held.length);
    return { starts, errors: sumOf(ended.map(({ errors }) => errors)) };
  }

  /** Every process opens a connection and closes it. */
  private async connectOnce(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.ask({ kind: "connect", count: 1 }, "connected")));
    await Promise.all(this.clients.map((client) => client.ask({ kind: "close" }, "closed")));
  }
}
