import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { PROJECT_ROOT } from "../shared/stack-file";
import { heldTo } from "./machine";
import type { Part } from "./part";
import { RehearsalError } from "./problems";

/** A process of the rehearsal that takes orders and answers them in turn. */
export class Peer<Order extends { kind: string }, Answer extends { kind: string }> implements Part {
  readonly died: Promise<never>;
  private readonly waiting: {
    readonly kind: string;
    readonly resolve: (answer: Answer) => void;
    readonly reject: (error: Error) => void;
  }[] = [];
  private ended: RehearsalError | undefined;
  private removed = false;

  private constructor(
    private readonly child: ChildProcess,
    file: string,
  ) {
    child.on("message", (answer: Answer) => {
      const index = this.waiting.findIndex(({ kind }) => kind === answer.kind);
      this.waiting.splice(index, index < 0 ? 0 : 1)[0]?.resolve(answer);
    });
    this.died = new Promise((_, reject) => {
      const end = (how: string) => {
        this.ended ??= new RehearsalError(`${file} must keep running because the rehearsal needs it, and it ${how}`);
        for (const { reject: tell } of this.waiting.splice(0)) tell(this.ended);
        if (!this.removed) reject(this.ended);
      };
      child.once("error", ({ message }) => end(`did not start: ${message}`));
      child.once("exit", (code, signal) => end(`ended with ${signal ?? code}`));
    });
    this.died.catch(() => undefined); // whoever runs the rehearsal races it
  }

  /**
   * Starts `file` of this folder, held to those cores; it says `listening` when it is there. `add` is told of it at
   * once.
   */
  static async start<Order extends { kind: string }, Answer extends { kind: string }>(
    file: string,
    cores: readonly number[],
    add: (part: Part) => void,
  ): Promise<{ readonly peer: Peer<Order, Answer>; readonly listening: Answer }> {
    const [command, args] = heldTo(cores, process.execPath, ["--import", "tsx"]);
    const child = fork(join(__dirname, file), {
      execPath: command,
      execArgv: [...args],
      cwd: PROJECT_ROOT,
      // Numbers without end and maps of errors pass as they are.
      serialization: "advanced",
      // In a group of its own: Ctrl-C is for the command.
      detached: process.platform !== "win32",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const peer = new Peer<Order, Answer>(child, file);
    add(peer);
    return { peer, listening: await peer.answer("listening") };
  }

  /** Gives an order and waits for the answer of that kind. */
  async ask<Kind extends Answer["kind"]>(order: Order, kind: Kind): Promise<Extract<Answer, { kind: Kind }>> {
    const answer = this.answer(kind);
    this.tell(order);
    return (await answer) as Extract<Answer, { kind: Kind }>; // `answer` waits for that kind
  }

  tell(order: Order): void {
    if (this.child.connected) this.child.send(order);
  }

  /** Ends the process and waits until it is gone. */
  async remove(): Promise<void> {
    if (this.ended) return;
    this.removed = true;
    const exited = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGKILL");
    await exited;
  }

  private answer(kind: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.ended) reject(this.ended);
      else this.waiting.push({ kind, resolve, reject });
    });
  }
}
