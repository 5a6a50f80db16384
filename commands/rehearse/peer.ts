import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { PROJECT_ROOT } from "../shared/stack-file";
import { pinnedTo } from "./machine";
import type { Part } from "./part";
import { RehearsalError } from "./problems";

/** A child process that receives orders and answers them in turn. */
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
        for (const request of this.waiting.splice(0)) request.reject(this.ended);
        if (!this.removed) reject(this.ended);
      };
      child.once("error", ({ message }) => end(`did not start: ${message}`));
      child.once("exit", (code, signal) => end(`ended with ${signal ?? code}`));
    });
    this.died.catch(() => undefined); // `rehearse` observes it
  }

  /** Starts `file` of this folder on these cores and waits until it answers `listening`. `add` receives it before. */
  static async start<Order extends { kind: string }, Answer extends { kind: string }>(
    file: string,
    cores: readonly number[],
    add: (part: Part) => void,
  ): Promise<{ readonly peer: Peer<Order, Answer>; readonly listening: Answer }> {
    const [command, args] = pinnedTo(cores, process.execPath, ["--import", "tsx"]);
    const child = fork(join(PROJECT_ROOT, "commands", "rehearse", file), {
      execPath: command,
      execArgv: [...args],
      cwd: PROJECT_ROOT,
      // Passes Infinity unchanged.
      serialization: "advanced",
      // In a process group of its own, so that only the command receives Ctrl-C.
      detached: process.platform !== "win32",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const peer = new Peer<Order, Answer>(child, file);
    add(peer);
    return { peer, listening: await peer.answer("listening") };
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Sends an order and waits for the answer of that kind. */
  async ask<Kind extends Answer["kind"]>(order: Order, kind: Kind): Promise<Extract<Answer, { kind: Kind }>> {
    const answer = this.answer(kind);
    if (this.child.connected) this.child.send(order);
    return (await answer) as Extract<Answer, { kind: Kind }>; // `answer` waits for that kind
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
