import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { type ILanguageRuntimeServer, LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as language from "@pulumi/pulumi/proto/language_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { parse } from "yaml";
import { PROJECT_ROOT } from "../../commands/shared/stack-file";

/** A program that the engine can run: where it listens. */
export interface Host {
  readonly port: number;
  stop(): void;
}

// What the Automation API hosts its inline programs with; the SDK's types leave it out.
const { LanguageServer } = require("@pulumi/pulumi/automation/server") as {
  LanguageServer: new (program: PulumiFn) => grpc.UntypedServiceImplementation;
};

// One process meets many engines here, and one may listen at the port of another that is gone: with the pool that
// gRPC's clients share, its calls would fail because the connection to that one does ("No connection established. Last
// error: null").
const { grpcClientOptions } = require("@pulumi/pulumi/runtime/settings") as {
  grpcClientOptions: Record<string, unknown>;
};
grpcClientOptions["grpc.use_local_subchannel_pool"] = 1;

/** Runs a program in this process, as the Automation API does. Nothing else of Pulumi's may run beside it here. */
export const inline = (program: PulumiFn) => async (): Promise<Host> => {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0; // as NO_STACKS
  const { port, stop } = await served(new LanguageServer(program));
  return {
    port,
    stop: () => {
      Error.stackTraceLimit = limit;
      stop();
    },
  };
};

/**
 * The options of Pulumi.yaml's `runtime`, as the Node.js language host reads them: it compiles TypeScript, unless that
 * is switched off.
 */
export interface RuntimeOptions {
  readonly typescript?: boolean;
  /** Arguments of Node.js, before the runner. */
  readonly nodeargs?: string;
}

function runtimeOptions(): RuntimeOptions {
  const { runtime } = parse(readFileSync(join(PROJECT_ROOT, "Pulumi.yaml"), "utf8")) as {
    runtime: string | { options?: RuntimeOptions };
  };
  return typeof runtime === "string" ? {} : (runtime.options ?? {});
}

/**
 * Runs the project's `index.ts` in a process of its own, by the runner that `pulumi up` starts where a Node.js language
 * host is installed, with the options that Pulumi.yaml states.
 */
export function byRunner(options: RuntimeOptions = runtimeOptions()): Promise<Host> {
  const handlers: Partial<ILanguageRuntimeServer> = {
    getPluginInfo: (_, answer) => {
      const info = new PluginInfo();
      info.setVersion("1.0.0");
      answer(null, info);
    },
    getRequiredPlugins: (_, answer) => answer(null, new language.GetRequiredPluginsResponse()),
    run: ({ request }, answer) => {
      const response = new language.RunResponse();
      spawn(process.execPath, runnerArguments(request, options), {
        cwd: PROJECT_ROOT,
        env: { ...process.env, ...runnerVariables(request, options) },
        stdio: "ignore",
      })
        .once("error", (error) => answer({ code: grpc.status.UNKNOWN, details: error.message }))
        .once("exit", (code) => {
          // 32: the program has said itself what is wrong.
          if (code === 32) response.setBail(true);
          else if (code !== 0) response.setError(`Program exited with code ${code}`);
          answer(null, response);
        });
    },
  };
  // what is missing, the engine does not ask a host of one program
  return served(handlers as grpc.UntypedServiceImplementation);
}

/**
 * The runtime takes a stack trace for every promise; translated through source maps, that can take longer than all the
 * rest.
 */
const NO_STACKS = "--stack-trace-limit=0";

function runnerArguments(request: language.RunRequest, { nodeargs = "" }: RuntimeOptions): string[] {
  const [engine = ""] = request.getArgsList();
  const options = {
    monitor: request.getMonitorAddress(),
    engine,
    project: request.getProject(),
    stack: request.getStack(),
    "dry-run": request.getDryrun(),
    parallel: request.getParallel(),
    pwd: PROJECT_ROOT,
  };
  return [
    NO_STACKS,
    ...nodeargs.split(" ").filter(Boolean),
    require.resolve("@pulumi/pulumi/cmd/run"),
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ".",
  ];
}

function runnerVariables(request: language.RunRequest, { typescript = true }: RuntimeOptions): Record<string, string> {
  const configuration: Record<string, string> = Object.create(null);
  request.getConfigMap().forEach((value, key) => {
    configuration[key] = value;
  });
  return {
    PULUMI_NODEJS_TYPESCRIPT: String(typescript),
    PULUMI_CONFIG: JSON.stringify(configuration),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
  };
}

async function served(handlers: grpc.UntypedServiceImplementation): Promise<Host> {
  const server = new grpc.Server();
  server.addService(LanguageRuntimeService, handlers);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { port, stop: () => server.forceShutdown() };
}
