import { execFileSync, spawn } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { PROJECT_ROOT } from "../../commands/shared/stack-file";
import { CONNECTOR } from "../../config/resource-types";
import { COMMAND_LINE } from "../commands/child";
import { collectionOf } from "../commands/diagnose/fixtures";
import { digest } from "../commands/guard/previews";
import { REFERENCE } from "../stack-settings";
import { DIAGNOSIS, damage, damaged, inFolder, PREVIEW, STACKS, stack, type Target, yaml } from "./cases";
import { endings, problemsOf, secondsSince } from "./held";
import { SECRETS } from "./mutations";

/* Commands in processes of their own: what only a process has, signals and a standard input. */

interface Process {
  /** For its temporary files. Default: the system's. */
  readonly folder?: string;
  /** When it is interrupted. Default: never. */
  readonly interruptMs?: number | undefined;
  /** A descriptor, which is closed. Default: nothing to read. */
  readonly stdin?: number;
  /** Runs beside it. */
  readonly meanwhile?: () => Promise<void>;
  /** Whether what it reads cannot be valid. */
  readonly isGarbage?: boolean;
}

/** @throws what it breaks. */
async function heldProcess(args: readonly string[], { folder, interruptMs, stdin, meanwhile, isGarbage }: Process) {
  const before = performance.now();
  const child = spawn(process.execPath, [...COMMAND_LINE, ...args], {
    cwd: PROJECT_ROOT,
    env: { ...process.env, ...(folder === undefined ? {} : { TMPDIR: folder }) },
    stdio: [stdin ?? "ignore", "pipe", "pipe"],
  });
  if (stdin !== undefined) closeSync(stdin);
  let text = "";
  for (const output of [child.stdout, child.stderr]) output?.on("data", (data) => (text += String(data)));
  const timer = interruptMs === undefined ? undefined : setTimeout(() => child.kill("SIGINT"), interruptMs);
  const ended = new Promise<[number | null, string | null]>((resolve) => child.once("close", (...end) => resolve(end)));
  await meanwhile?.();
  const [exit, signal] = await ended;
  clearTimeout(timer);
  const code = exit ?? (signal === "SIGINT" ? 130 : -1);
  const key = `process ${args[0]} ${code}`;
  endings.set(key, (endings.get(key) ?? 0) + 1);
  const problems = [
    ...problemsOf(text, code, interruptMs === undefined ? [0, 1, 2] : [0, 1, 2, 130]),
    ...secondsSince(before),
    ...(isGarbage && code === 0 ? ["garbage passes: exit 0"] : []),
  ];
  if (problems.length > 0) throw new Error(`${args[0]}: ${problems.join("; ")}\n${text.slice(-2000)}`);
}

export const interrupted: Target = {
  name: "processes",
  property: () =>
    fc.asyncProperty(
      stack,
      damage,
      fc.constantFrom("check", "storm", "size"),
      fc.option(fc.integer({ min: 100, max: 4000 }), { nil: undefined }),
      (which, how, command, interruptMs) =>
        inFolder(async (_, write) => {
          const file = write("Pulumi.staging.yaml", damaged(STACKS[which], how, yaml).text);
          await heldProcess([command, "--config-file", file], { interruptMs });
        }),
    ),
};

const PREVIEWED: unknown = JSON.parse(digest(PREVIEW));
const STATE = {
  version: 3,
  deployment: {
    resources: [
      { urn: `urn:pulumi:staging::netra::${CONNECTOR}::staging-connector`, type: CONNECTOR, inputs: SECRETS },
    ],
  },
};
const HOSTS = { hosts: { auth: "https://localhost:1", backend: SECRETS.CALLBACK } };

/** What each command reads from there, and how it is called. An edit of standard input is refused. */
const READERS = [
  { args: ["check", "--config-file", "-"], value: STACKS[0], format: yaml, canPass: true },
  { args: ["redeploy", "auth", "--config-file", "-"], value: STACKS[2], format: yaml, canPass: false },
  { args: ["guard", "-"], value: PREVIEWED, format: JSON.stringify, canPass: true },
  {
    args: ["preflight", "--config-file", REFERENCE, "--from", collectionOf("healthy"), "--preview", "-"],
    value: PREVIEWED,
    format: JSON.stringify,
    canPass: true,
  },
  { args: ["recover", "--config-file", REFERENCE, "-"], value: STATE, format: JSON.stringify, canPass: true },
  {
    args: ["drift", "--diagnosis", "DIAGNOSIS", "--refresh", "-"],
    value: PREVIEWED,
    format: JSON.stringify,
    canPass: true,
  },
  { args: ["drift", "--diagnosis", "-", "--refresh", "-"], value: PREVIEWED, format: JSON.stringify, canPass: false },
  // Without credentials it asks no host.
  { args: ["verify", "--config-file", REFERENCE, "--hosts", "-"], value: HOSTS, format: yaml, canPass: false },
];

/** It comes in pieces and late, through a pipe that blocks or does not, and need not be text. */
export const standardInput: Target = {
  name: "standard input",
  property: () =>
    fc.asyncProperty(
      fc.constantFrom(...READERS),
      damage,
      fc.option(fc.uint8Array({ minLength: 1, maxLength: 8 }), { nil: new Uint8Array(), freq: 4 }),
      fc.array(fc.constantFrom(0, 0, 200, 900), { minLength: 1, maxLength: 2 }),
      fc.boolean(),
      ({ args, value, format, canPass }, how, prefix, pausesMs, isBlocking) =>
        inFolder(async (folder, write) => {
          const diagnosis = write("diagnosis.json", JSON.stringify(DIAGNOSIS));
          const content = Buffer.concat([prefix, Buffer.from(damaged(value, how, format).text)]);
          const pipe = join(folder, "pipe");
          execFileSync("mkfifo", [pipe]);
          const nonBlocking = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
          const writer = await open(pipe, "w");
          const blocking = openSync(pipe, "r");
          closeSync(isBlocking ? nonBlocking : blocking);
          const send = async () => {
            for (const [i, ms] of pausesMs.entries()) {
              await sleep(ms);
              const [from, to] = [i, i + 1].map((n) => Math.floor((content.length * n) / pausesMs.length));
              // The command may have ended before it has read all.
              await writer.write(content.subarray(from, to)).catch(() => undefined);
            }
            await writer.close();
          };
          await heldProcess(
            args.map((arg) => (arg === "DIAGNOSIS" ? diagnosis : arg)),
            { folder, stdin: isBlocking ? blocking : nonBlocking, meanwhile: send, isGarbage: !canPass },
          );
        }),
    ),
};
