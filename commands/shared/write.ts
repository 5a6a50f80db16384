import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { setTimeout } from "node:timers/promises";
import { inputError } from "../../capacity/problem";

/* Files that are written as a whole: a reader sees the old content or the new one, also after a crash or on a full disk. */

/** An edit takes milliseconds; whoever holds a file for longer has died. */
const PATIENCE_MS = 10_000;
const RETRY_MS = 20;

/**
 * Replaces files, or makes them, once there is room for all. What is no regular file, such as a pipe, is written to.
 * @throws InputError
 */
export function writeFiles(contents: Readonly<Record<string, string>>): void {
  const drafts = new Map<string, string>();
  try {
    for (const [file, content] of Object.entries(contents))
      reporting(file, () => {
        const target = existsSync(file) ? realpathSync(file) : file;
        if (existsSync(target) && !statSync(target).isFile()) return writeFileSync(target, content);
        const draft = `${target}.${process.pid}.draft`;
        const descriptor = openSync(draft, "w");
        drafts.set(draft, target);
        complete(target, descriptor, content);
      });
    for (const [draft, target] of drafts) reporting(target, () => renameSync(draft, target));
  } catch (error) {
    for (const draft of drafts.keys()) rmSync(draft, { force: true });
    throw error;
  }
}

/** Whether a file is what a killed process may have left of {@link writeFiles}. */
export const isDraft = (name: string): boolean => /\.\d+\.draft$/.test(name);

/**
 * Replaces the content of a file by what `edit` makes of it. A second process waits until the first has ended, so that
 * neither undoes the other. A file whose content stays is not touched.
 * @param read reads the file, and throws where it cannot be read.
 * @throws InputError
 */
export async function editFile(
  file: string,
  read: () => string,
  edit: (before: string) => string,
): Promise<"changed" | "unchanged"> {
  read(); // a file that is not there is reported as such, and not as one that cannot be locked
  const target = existsSync(file) ? realpathSync(file) : file;
  // The draft is the lock, as git does it: only one process can create it, and the rename gives it up.
  const draft = `${target}.lock`;
  const descriptor = await locked(file, draft);
  let [isOpen, isOurs] = [true, true];
  try {
    const before = read();
    const after = edit(before);
    if (after === before) return "unchanged";
    reporting(file, () => {
      isOpen = false;
      complete(target, descriptor, after);
      renameSync(draft, target);
    });
    isOurs = false;
    return "changed";
  } finally {
    if (isOpen) closeSync(descriptor);
    if (isOurs) rmSync(draft, { force: true });
  }
}

/** Writes the open draft of a target, with its permissions, and closes it. */
function complete(target: string, descriptor: number, content: string): void {
  try {
    const { mode } = statSync(target, { throwIfNoEntry: false }) ?? {};
    if (mode !== undefined) fchmodSync(descriptor, mode & 0o777);
    writeFileSync(descriptor, content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

async function locked(file: string, lock: string): Promise<number> {
  for (const end = performance.now() + PATIENCE_MS; ; await setTimeout(RETRY_MS)) {
    const descriptor = reporting(file, () => {
      try {
        return openSync(lock, "wx");
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw error;
        return undefined;
      }
    });
    if (descriptor !== undefined) return descriptor;
    if (performance.now() > end)
      throw inputError(
        file,
        `must not be edited by two commands at once because the second would undo the first; wait until the other one has ended, or remove ${lock} if none is running`,
      );
  }
}

function reporting<T>(file: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw inputError(
      file,
      `must be a file that can be written because its content is replaced (${code}); make room, or change the permissions of the file and its folder`,
    );
  }
}

/** The code of an error of the system, such as `ENOSPC`. */
const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
