import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Relay } from "../../../commands/rehearse/relay";

/** Says a word to everyone who comes, and repeats what it hears. */
const server = createServer((socket) => {
  socket.write("!");
  socket.pipe(socket);
  socket.on("error", () => undefined);
});
const relay = new Relay();
let port = 0;
let sockets: Socket[] = [];

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = await relay.listen();
});
beforeEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
});
afterAll(() => {
  relay.close();
  server.close();
});

function portOf(listening: Server): number {
  const address = listening.address();
  if (typeof address !== "object" || address === null) throw new Error("it does not listen");
  return address.port;
}

/** A client, and the seconds until it has heard the server's word. */
async function client(): Promise<{ socket: Socket; seconds: number }> {
  const begun = performance.now();
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  await once(socket, "data");
  return { socket, seconds: (performance.now() - begun) / 1000 };
}

describe("the relay", () => {
  test("passes bytes both ways", async () => {
    relay.set(portOf(server), {});
    const { socket } = await client();
    socket.write("hello");
    expect(String((await once(socket, "data"))[0])).toBe("hello");
  });

  test("lets so many connections through in a second, one after the other", async () => {
    relay.set(portOf(server), { connects: { vms: 2, perSecond: 5 } });
    const seconds = (await Promise.all(Array.from({ length: 6 }, client)))
      .map((each) => each.seconds)
      .toSorted((a, b) => a - b);
    // Two VMs of 0.2 s a connect; timers never ring early.
    for (const [i, least] of [0.2, 0.2, 0.4, 0.4, 0.6, 0.6].entries())
      expect(seconds[i]).toBeGreaterThan(least - 0.005);
  });

  test("lets so many bytes through in a second, those of all connections together", async () => {
    relay.set(portOf(server), { bytesPerSecond: 100_000 });
    const both = [await client(), await client()];
    const begun = performance.now();
    await Promise.all(
      both.map(async ({ socket }) => {
        socket.write(Buffer.alloc(10_000));
        for (let got = 0; got < 10_000; ) got += (await once(socket, "data"))[0].length;
      }),
    );
    // 40,000 bytes: each way, twice.
    expect((performance.now() - begun) / 1000).toBeGreaterThan(0.39);
  });

  test("as a black hole it stays silent, and the dial ends after its time", async () => {
    relay.set(portOf(server), { blackHoleSeconds: 0.2 });
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    let heard = 0;
    socket.on("data", () => heard++);
    const begun = performance.now();
    await once(socket, "close");
    expect([heard, (performance.now() - begun) / 1000 > 0.19]).toEqual([0, true]);
  });

  test("ends a connection whose server ends, and the other way round", async () => {
    let there: Socket | undefined;
    const fickle = createServer((socket) => {
      there = socket;
      socket.write("!");
    });
    fickle.listen(0, "127.0.0.1");
    await once(fickle, "listening");
    relay.set(portOf(fickle), {});
    const first = await client();
    there?.destroy();
    await once(first.socket, "close");
    const second = await client();
    const gone = there && once(there, "close");
    second.socket.destroy();
    await gone;
    fickle.close();
  });
});
