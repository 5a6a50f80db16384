import { Command } from "commander";
import { EXIT, exitCodeOf, type Runnable, run } from "./shared/command";

/** Every command: its summary, and what loads it. A command's modules load only when it runs. */
export const COMMANDS: Readonly<
  Record<string, { readonly summary: string; readonly load: (args: readonly string[]) => Promise<Runnable> }>
> = {
  check: {
    summary: "judge the stack: is it sound, does it start, what does it cost",
    load: async () => (await import("./check/command.js")).checkCommand(),
  },
  storm: {
    summary: "simulate the start-up storms of the plan",
    load: async () => (await import("./storm.js")).stormCommand(),
  },
  size: {
    summary: "find the cheapest connector, tier and max_connections",
    load: async () => (await import("./size.js")).sizeCommand(),
  },
  preview: {
    summary: "run `pulumi preview` with the policy pack",
    load: async (args) => (await import("./up/command.js")).pulumiCommand("preview", args),
  },
  guard: {
    summary: "judge a preview: destructive changes, disruptions",
    load: async () => (await import("./guard/command.js")).guardCommand(),
  },
  preflight: {
    summary: "check a project before an update, read-only",
    load: async () => (await import("./preflight/command.js")).preflightCommand(),
  },
  up: {
    summary: "run `pulumi up` with the policy pack",
    load: async (args) => (await import("./up/command.js")).pulumiCommand("up", args),
  },
  diagnose: {
    summary: "find out what is wrong with what is deployed, read-only",
    load: async () => (await import("./diagnose/command.js")).diagnoseCommand(),
  },
  verify: {
    summary: "test from outside that staging works",
    load: async () => (await import("./verify/command.js")).verifyCommand(),
  },
  recover: {
    summary: "list what an interrupted update left behind",
    load: async () => (await import("./recover/command.js")).recoverCommand(),
  },
  redeploy: {
    summary: "make the next update roll out a service again",
    load: async () => (await import("./pipeline/redeploy-command.js")).redeployCommand(),
  },
  image: {
    summary: "write a service's image into the stack file",
    load: async () => (await import("./pipeline/image-command.js")).imageCommand(),
  },
  bootstrap: {
    summary: "set up the accounts and the bucket of the pipelines",
    load: async () => (await import("./bootstrap/command.js")).bootstrapCommand(),
  },
  comment: {
    summary: "write the comment on a pull request",
    load: async () => (await import("./pipeline/comment-command.js")).commentCommand(),
  },
  drift: {
    summary: "report where the cloud differs from state and plan",
    load: async () => (await import("./pipeline/drift-command.js")).driftCommand(),
  },
  "way-back": {
    summary: "explain how to roll back after a failed update",
    load: async () => (await import("./pipeline/rollback-command.js")).rollbackCommand(),
  },
  bundle: {
    summary: "write the policy pack into a folder of its own",
    load: async () => (await import("./bundle.js")).bundleCommand(),
  },
  rehearse: {
    summary: "run start-up storms on a real PostgreSQL",
    load: async () => (await import("./rehearse/command.js")).rehearseCommand(),
  },
  bench: {
    summary: "measure the speed of check, pack and storms",
    load: async () => (await import("./bench/command.js")).benchCommand(),
  },
  generate: {
    summary: "write the files that are derived from plan and rules",
    load: async () => (await import("./generate.js")).generateCommand(),
  },
};

async function main(): Promise<number> {
  let code: number = EXIT.badInput;
  const netra = new Command("npm run netra --")
    .description("The commands of this project. `npm run <command> -- --help` lists the options of one.")
    .helpCommand(false)
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .enablePositionalOptions()
    .exitOverride();
  for (const [name, { summary, load }] of Object.entries(COMMANDS))
    netra
      .command(name)
      .summary(summary)
      .argument("[options...]")
      .helpOption(false)
      .allowUnknownOption()
      .passThroughOptions()
      .action(async (args: readonly string[]) => {
        code = await run(await load(args), args, process);
      });
  try {
    await netra.parseAsync();
    return code;
  } catch (error) {
    return exitCodeOf(error, process);
  }
}

/** Runs the command that the process was started with. */
export function start(): void {
  let isLost = false;
  for (const [name, stream] of [
    ["standard output", process.stdout],
    ["standard error", process.stderr],
  ] as const)
    stream.on("error", ({ code }: NodeJS.ErrnoException) => {
      // A reader that stops early (`| head`) has what it wanted: the exit code stays the verdict's.
      if (code === "EPIPE" || isLost) return;
      isLost = true;
      process.exitCode = EXIT.badInput;
      process.stderr.write(
        `'${name}' must be a file that can be written because the answer goes there (${code}); make room, or redirect it elsewhere\n`,
      );
    });
  // Node's own exit code for a bug, 1, is the one of a plan that is refused.
  process.on("uncaughtException", (error) => process.exit(exitCodeOf(error, process)));
  void main().then((code) => {
    process.exitCode = isLost ? EXIT.badInput : code;
  });
}

if (require.main === module) start();
