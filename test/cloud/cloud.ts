import { createHash, randomBytes } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** A resource's properties as the provider's protocol carries them. */
export type Properties = Record<string, unknown>;

/** A resource in the cloud, whoever made it. */
export interface Resource {
  readonly type: string;
  /** Canonical, as the provider returns it. */
  readonly id: string;
  /** Settable and computed properties. */
  readonly properties: Properties;
}

/** One call of the engine, as the provider saw it; a call that waits has two entries, `start` and `end`. */
export interface Call {
  readonly provider: string;
  readonly method: "create" | "update" | "delete" | "read" | "diff" | "check";
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  readonly id: string;
  readonly preview: boolean;
  readonly phase: "start" | "end";
  /** Top-level properties that an update changes. */
  readonly changes: readonly string[];
  /** Why it failed; empty where it did not. */
  readonly error: string;
  /** After a call that changed the cloud: each running revision that could not start again. */
  readonly broken: readonly string[];
}

/** What goes wrong from now on. Counts are of calls that would change the cloud, the first is 1. */
export interface Faults {
  /**
   * `fail`: refused before anything is made. `rate-limit`: 429. `crash`: made, and the provider dies before it answers,
   * with all calls that run beside it. `lost`: made, and never answered. `stuck`: nothing is made, and never answered.
   * `broken`: what Google makes in the background is there and does not work, and the provider forgets its id.
   */
  readonly kind: "fail" | "rate-limit" | "crash" | "lost" | "stuck" | "broken";
  /** The calls it strikes, or the first attempt of each resource's each method. */
  readonly calls: readonly number[] | "first-of-each";
}

/** What was new to Google in the update that an engine ran. No resource of the provider's. */
const NEW = "twin:new";

const NOTHING_WRONG: Faults = { kind: "fail", calls: [] };

/** The cloud in a folder. Every reading and writing goes to the disk: several processes share it. */
export class Cloud {
  /** Which engine's calls a provider answers: one engine is one update. */
  engine = "";

  constructor(readonly folder: string) {
    mkdirSync(join(folder, "resources"), { recursive: true });
  }

  all(): Resource[] {
    return this.read("");
  }

  ofType(type: string): Resource[] {
    return this.read(prefixOf(type)).filter((resource) => resource.type === type);
  }

  find(type: string, id: string): Resource | undefined {
    const file = this.file(type, id);
    return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
  }

  put(resource: Resource): void {
    write(this.file(resource.type, resource.id), resource);
  }

  remove(type: string, id: string): void {
    rmSync(this.file(type, id), { force: true });
  }

  /** Changes a resource as a person at the console would. @throws when there is none. */
  change(type: string, id: string, edit: (properties: Properties) => void): void {
    const resource = this.find(type, id);
    if (!resource) throw new Error(`no ${type} ${id} in the cloud`);
    edit(resource.properties);
    this.put(resource);
  }

  record(call: Call): void {
    appendFileSync(join(this.folder, "calls.jsonl"), `${JSON.stringify(call)}\n`);
  }

  /** The log of every call so far, in the order in which they began and ended. */
  calls(): Call[] {
    const file = join(this.folder, "calls.jsonl");
    return existsSync(file)
      ? readFileSync(file, "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line))
      : [];
  }

  /** How many calls have changed the cloud, or would have: those of one provider, or of all. */
  changes(by?: string): number {
    return this.calls().filter(
      ({ provider, method, phase, preview }) =>
        phase === "start" &&
        !preview &&
        ["create", "update", "delete"].includes(method) &&
        (by === undefined || provider === by),
    ).length;
  }

  forgetCalls(): void {
    rmSync(join(this.folder, "calls.jsonl"), { force: true });
  }

  get faults(): Faults {
    const file = join(this.folder, "faults.json");
    return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : NOTHING_WRONG;
  }

  set faults(faults: Faults | undefined) {
    write(join(this.folder, "faults.json"), faults ?? NOTHING_WRONG);
  }

  /**
   * Whether Google takes longer than one update to know a new API or log-based metric. Default: it knows them at once.
   */
  get isSlow(): boolean {
    return existsSync(join(this.folder, "slow"));
  }

  set isSlow(isSlow: boolean) {
    if (isSlow) write(join(this.folder, "slow"), isSlow);
    else rmSync(join(this.folder, "slow"), { force: true });
  }

  /** Notes that a resource was made in this update, and is not known yet where Google is slow. */
  noteNew(type: string, id: string): void {
    if (this.isSlow) this.put({ type: NEW, id: `${type} ${id}`, properties: { engine: this.engine } });
  }

  /** Whether a resource exists and may be used. */
  isKnown(type: string, id: string): boolean {
    return this.find(type, id) !== undefined && this.find(NEW, `${type} ${id}`)?.properties.engine !== this.engine;
  }

  private read(prefix: string): Resource[] {
    return readdirSync(join(this.folder, "resources"))
      .filter((file) => file.startsWith(prefix) && file.endsWith(".json"))
      .toSorted()
      .map((file) => JSON.parse(readFileSync(join(this.folder, "resources", file), "utf8")));
  }

  private file(type: string, id: string): string {
    // An id is longer than a file's name may be.
    const short = (id.split("/").at(-1) ?? "").slice(0, 60).replaceAll(/[^\w.-]/g, "_");
    return join(
      this.folder,
      "resources",
      `${prefixOf(type)}${short}-${createHash("sha256").update(`${type} ${id}`).digest("hex").slice(0, 16)}.json`,
    );
  }
}

/**
 * What the file of a resource begins with: reading those of one type must not cost reading all, which every change
 * would pay.
 */
const prefixOf = (type: string) => `${type.split(":").at(-1)}-`;

/** Whole or not at all: another process may read, and this one may be killed. */
function write(file: string, content: unknown): void {
  const part = `${file}.${randomBytes(4).toString("hex")}.part`;
  writeFileSync(part, JSON.stringify(content, null, 2));
  renameSync(part, file);
}
