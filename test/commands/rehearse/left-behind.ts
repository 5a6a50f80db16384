import { chmodSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockFile } from "../../../commands/rehearse/folder";

/** A folder for temporary files, so that what a rehearsal leaves behind is found. */
export class TemporaryFolder {
  readonly path = mkdtempSync(join(tmpdir(), "left-behind-"));

  constructor() {
    chmodSync(this.path, 0o755); // as root, PostgreSQL runs as nobody
  }

  /** Files and folders in it but the compiler's cache, and processes that work in it. */
  contents(): string[] {
    return [...readdirSync(this.path).filter((name) => !name.startsWith("tsx-")), ...this.processes()];
  }

  processes(): string[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          return readlinkSync(`/proc/${pid}/cwd`).startsWith(this.path);
        } catch {
          return false; // gone, or somebody else's
        }
      });
  }

  /** Whether a PostgreSQL in it takes connections. */
  hasServer(): boolean {
    return readdirSync(this.path).some((name) =>
      lockFile(join(this.path, name)).some((line) => line.startsWith("ready")),
    );
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}
