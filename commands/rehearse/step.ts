import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as secure } from "node:tls";
import type { Reach } from "./application";

/** PostgreSQL's request for TLS: its length, and the code 80877103. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** A connect that stops after each step, so that the cost of the step can be measured. */
export class StepwiseConnect {
  private socket: Socket | undefined;

  constructor(private readonly reach: Reach) {}

  /** Opens the TCP connection: the backend has started and waits for the first message. */
  async dial(): Promise<void> {
    this.socket = connect({ host: "127.0.0.1", port: this.reach.port, noDelay: true });
    await once(this.socket, "connect");
  }

  /** Negotiates TLS: the backend waits for the start-up packet. */
  async encrypt(): Promise<void> {
    const { socket } = this;
    if (!socket) throw new Error("TLS before a connection");
    socket.write(SSL_REQUEST);
    await once(socket, "data");
    this.socket = secure({ socket, secureContext: this.reach.secureContext, host: "127.0.0.1" });
    await once(this.socket, "secureConnect");
  }

  close(): void {
    this.socket?.destroy();
  }
}
