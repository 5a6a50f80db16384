import { readFileSync, readSync } from "node:fs";
import { inputError } from "../../capacity/problem";

/** A file that a command was pointed at. */
interface Asked {
  /** Completes "because": what stands there. */
  readonly because: string;
  readonly fix: string;
  /** The option that names the file. Default: the file is an argument of its own. */
  readonly option?: string;
}

/** What messages call a file; `-` is standard input. */
export const inputName = (file: string): string => (file === "-" ? "standard input" : file);

/** Reads it; `-` is standard input. @throws InputError where it cannot be read. */
export function textIn(file: string, { because, fix, option }: Asked): string {
  const [setting, value] = [option ?? inputName(file), option === undefined ? "" : `(${file}) `];
  if (file === "-" && isStandardInputRead)
    throw inputError(
      setting,
      `${value}must be a file because standard input is already read as another input; save it to a file and name that`,
    );
  try {
    return file === "-" ? standardInput() : readFileSync(file, "utf8");
  } catch {
    const mended = file === "-" ? "pipe it into the command, or redirect it from a file" : fix;
    throw inputError(setting, `${value}must be a file that can be read because ${because}; ${mended}`);
  }
}

/** It can be read only once: afterwards it is empty. */
let isStandardInputRead = false;

/** Waits where nothing has arrived yet: Node itself fails there with EAGAIN if whoever opened the pipe does not block. */
function standardInput(): string {
  isStandardInputRead = true;
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.alloc(2 ** 16);
    try {
      const length = readSync(0, chunk);
      if (length === 0) return Buffer.concat(chunks).toString("utf8");
      chunks.push(chunk.subarray(0, length));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
    }
  }
}

const WAIT_MS = 20;
