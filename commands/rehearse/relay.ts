import { createServer, connect as dial, type Server, type Socket } from "node:net";
import { Transform } from "node:stream";
import { ServerQueue } from "../../capacity/storm/engine/queues";

/** How the relay treats connections. */
export interface RelayBehaviour {
  /** Limits new connections: each of `vms` VMs accepts `perSecond`. Default: no limit. */
  readonly connects?: { readonly vms: number; readonly perSecond: number } | undefined;
  /** Limits the throughput of all connections together, both directions. Default: no limit. */
  readonly bytesPerSecond?: number | undefined;
  /** A broken egress path: no data passes, and each connection closes after this time. */
  readonly blackHoleSeconds?: number | undefined;
}

/**
 * A TCP relay on the loopback interface that represents the VPC connector. A new connection waits for its turn before
 * the relay connects to the server. A relay cannot leave a SYN unanswered, so its black hole accepts and stays silent.
 * To a client that waits for the server's first message, that is the same.
 */
export class Relay {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private target = 0;
  private behaviour: RelayBehaviour = {};
  private queue: ServerQueue | undefined;
  private bytesFreeAt = 0;

  constructor() {
    this.server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => this.admit(socket));
  }

  /** Listens on a free port and returns it. */
  listen(host = "127.0.0.1"): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(0, host, 1024, () => {
        const address = this.server.address();
        resolve(typeof address === "object" && address ? address.port : 0);
      });
    });
  }

  /** Sets the server's port and the behaviour for new connections. */
  set(target: number, behaviour: RelayBehaviour): void {
    this.target = target;
    this.behaviour = behaviour;
    this.queue = behaviour.connects && new ServerQueue(behaviour.connects.vms);
    this.bytesFreeAt = 0;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private admit(client: Socket): void {
    this.track(client);
    const { blackHoleSeconds, connects } = this.behaviour;
    if (blackHoleSeconds !== undefined) {
      client.resume();
      setTimeout(() => client.destroy(), blackHoleSeconds * 1000).unref();
      return;
    }
    if (!connects || !this.queue) {
      this.forward(client);
      return;
    }
    const now = performance.now() / 1000;
    setTimeout(() => this.forward(client), (this.queue.admit(now, 1 / connects.perSecond) - now) * 1000);
  }

  private forward(client: Socket): void {
    if (client.destroyed) return;
    const server = dial({ port: this.target, host: "127.0.0.1", noDelay: true });
    this.track(server);
    // When one side closes, the other closes too.
    client.once("close", () => server.destroy());
    server.once("close", () => client.destroy());
    const { bytesPerSecond } = this.behaviour;
    if (bytesPerSecond === undefined) {
      client.pipe(server);
      server.pipe(client);
    } else {
      client.pipe(this.paced(bytesPerSecond)).pipe(server);
      server.pipe(this.paced(bytesPerSecond)).pipe(client);
    }
  }

  /** Delays each chunk until all earlier ones, of any connection, have passed at this rate. */
  private paced(bytesPerSecond: number): Transform {
    return new Transform({
      transform: (chunk: Buffer, _, done) => {
        const now = performance.now() / 1000;
        this.bytesFreeAt = Math.max(now, this.bytesFreeAt) + chunk.length / bytesPerSecond;
        const wait = (this.bytesFreeAt - now) * 1000;
        if (wait < 1) done(null, chunk);
        else setTimeout(() => done(null, chunk), wait);
      },
    });
  }

  private track(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.sockets.delete(socket));
  }
}
