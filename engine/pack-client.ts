import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { credentials } from "@grpc/grpc-js";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import * as analyzer from "@pulumi/pulumi/proto/analyzer_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { configured, LEVELS, type Level, type PackConfiguration } from "../policy/framework/judgement";
import { asStrings, type RegisteredResource } from "./evaluate";

/** A violation that the pack reports. */
export interface Diagnostic {
  readonly policy: string;
  readonly level: Level;
  /** The resource's; empty for the stack. */
  readonly urn: string;
  readonly message: string;
}

/** A rule and the configuration that it accepts. */
export interface RuleInfo {
  readonly name: string;
  readonly schema: {
    readonly properties: Record<string, { readonly default?: unknown }>;
    readonly required: readonly string[];
  };
}

interface StackOfPack {
  readonly name: string;
  readonly configuration: Readonly<Record<string, unknown>>;
}

/** Signals that end a process without an `exit` event. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024; // the pack's own limit

/** The policy pack in its own process with a gRPC server, as the engine runs it. Call {@link stop} when done. */
export class PackServer {
  private constructor(
    private readonly process: ChildProcess,
    private readonly client: AnalyzerClient,
    readonly port: number,
    readonly rules: readonly RuleInfo[],
  ) {}

  /**
   * Starts the pack in `directory`, for a stack or, as `policy analyze` does, without one.
   * @throws with the pack's output if it does not start.
   */
  static async start(directory: string, stack?: StackOfPack): Promise<PackServer> {
    const runner = require.resolve("@pulumi/pulumi/cmd/run-policy-pack");
    // The pack does not notice when its parent dies. Handlers come first: a signal in between would leave it running.
    let started: ChildProcess | undefined;
    const kill = () => started?.kill();
    const die = (signal: NodeJS.Signals) => {
      kill();
      process.kill(process.pid, signal); // the handler is removed by now, so the signal has its default effect
    };
    process.once("exit", kill);
    for (const signal of SIGNALS) process.once(signal, die);
    const child = spawn(process.execPath, [runner, "127.0.0.1:1", directory], {
      cwd: directory,
      env: { ...process.env, PULUMI_NODEJS_TYPESCRIPT: "true", ...(stack && configurationOf(stack)) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    started = child;
    child.once("exit", () => {
      process.off("exit", kill);
      for (const signal of SIGNALS) process.off(signal, die);
    });
    try {
      const port = await portOf(child);
      const client = new AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
        "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
        "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
      });
      const info = await call<analyzer.AnalyzerInfo>((done) => client.getAnalyzerInfo(new Empty(), done));
      return new PackServer(child, client, port, info.getPoliciesList().map(ruleInfo));
    } catch (error) {
      child.kill();
      throw error;
    }
  }

  /** Merges defaults and configuration as the engine does, and sends them to the pack. */
  async configure(configuration: PackConfiguration = {}): Promise<void> {
    const request = new analyzer.ConfigureAnalyzerRequest();
    for (const rule of this.rules) {
      const { level, settings } = configured(rule.name, configuration);
      const properties = { ...defaultsOf(rule), ...settings };
      const policy = new analyzer.PolicyConfig();
      // the enum is declared by value
      policy.setEnforcementlevel(LEVELS.indexOf(level) as Parameters<typeof policy.setEnforcementlevel>[0]);
      policy.setProperties(Struct.fromJavaScript(JSON.parse(JSON.stringify(properties))));
      request.getPolicyconfigMap().set(rule.name, policy);
    }
    await call((done) => this.client.configure(request, done));
  }

  /** Judges every resource by its inputs, then the stack by its outputs, as a preview does. */
  async judge(
    resources: readonly RegisteredResource[],
    provider: Readonly<Record<string, string>>,
  ): Promise<Diagnostic[]> {
    const gcp = new analyzer.AnalyzerProviderResource();
    gcp.setType("pulumi:providers:gcp");
    gcp.setName("default");
    gcp.setProperties(struct(provider));
    const fill = <T extends analyzer.AnalyzeRequest | analyzer.AnalyzerResource>(
      message: T,
      resource: RegisteredResource,
      properties: object,
    ): T => {
      message.setType(resource.type);
      message.setName(resource.name);
      message.setUrn(resource.urn);
      message.setProperties(struct(properties));
      message.setOptions(optionsOf(resource));
      if (resource.custom && resource.type.startsWith("gcp:")) message.setProvider(gcp);
      return message;
    };
    // Concurrently: a round trip takes longer than the judgement, and the pack keeps no state between requests.
    const found = resources.map(async (resource) => {
      const request = fill(new analyzer.AnalyzeRequest(), resource, resource.inputs);
      const response = await call<analyzer.AnalyzeResponse>((done) => this.client.analyze(request, done));
      return response.getDiagnosticsList().map((diagnostic) => diagnosticOf(diagnostic, resource.urn));
    });
    const stack = new analyzer.AnalyzeStackRequest();
    for (const resource of resources) {
      const stacked = fill(new analyzer.AnalyzerResource(), resource, resource.outputs);
      stacked.setParent(resource.parent);
      stacked.setDependenciesList([...resource.dependencies]);
      for (const [property, urns] of Object.entries(resource.propertyDependencies)) {
        const others = new analyzer.AnalyzerPropertyDependencies();
        others.setUrnsList([...urns]);
        stacked.getPropertydependenciesMap().set(property, others);
      }
      stack.addResources(stacked);
    }
    const response = call<analyzer.AnalyzeResponse>((done) => this.client.analyzeStack(stack, done));
    const ofStack = response.then((answer) =>
      answer.getDiagnosticsList().map((diagnostic) => diagnosticOf(diagnostic, diagnostic.getUrn())),
    );
    return (await Promise.all([...found, ofStack])).flat();
  }

  stop(): void {
    this.client.close();
    this.process.kill();
  }
}

/** The environment variables in which the engine passes the stack's configuration to a pack. */
const configurationOf = ({ name, configuration }: StackOfPack) => ({
  PULUMI_NODEJS_PROJECT: "netra",
  PULUMI_NODEJS_STACK: name,
  PULUMI_CONFIG: JSON.stringify(asStrings(configuration)),
});

/** The default settings of a rule. */
export function defaultsOf(rule: RuleInfo): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(rule.schema.properties).flatMap(([key, schema]) =>
      schema.default === undefined ? [] : [[key, schema.default]],
    ),
  );
}

// came from a Struct
const struct = (value: object) => Struct.fromJavaScript(value as Parameters<typeof Struct.fromJavaScript>[0]);

/** The pack prints its port once it listens; the error for a pack that exits before carries its output. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const output: string[] = [];
    child.stderr?.on("data", (data) => output.push(String(data)));
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the policy pack did not start (exit ${code})\n${output.join("")}`)));
    if (child.stdout)
      createInterface(child.stdout).on("line", (line) => {
        if (/^\d+$/.test(line.trim())) resolve(Number(line));
        else output.push(`${line}\n`);
      });
  });
}

function ruleInfo(info: analyzer.PolicyInfo): RuleInfo {
  const schema = info.getConfigschema();
  return {
    name: info.getName(),
    schema: {
      properties: (schema?.getProperties()?.toJavaScript() ?? {}) as RuleInfo["schema"]["properties"],
      required: schema?.getRequiredList() ?? [],
    },
  };
}

function optionsOf(resource: RegisteredResource): analyzer.AnalyzerResourceOptions {
  const options = new analyzer.AnalyzerResourceOptions();
  options.setProtect(resource.options.protect);
  options.setIgnorechangesList([...resource.options.ignoreChanges]);
  options.setAdditionalsecretoutputsList([...resource.options.additionalSecretOutputs]);
  return options;
}

function diagnosticOf(diagnostic: analyzer.AnalyzeDiagnostic, urn: string): Diagnostic {
  return {
    policy: diagnostic.getPolicyname(),
    level: LEVELS[diagnostic.getEnforcementlevel()] ?? "mandatory",
    urn,
    // The server puts the rule's description before the message.
    message: diagnostic.getMessage().startsWith(`${diagnostic.getDescription()}\n`)
      ? diagnostic.getMessage().slice(diagnostic.getDescription().length + 1)
      : diagnostic.getMessage(),
  };
}

function call<T>(invoke: (done: (error: Error | null, response: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => invoke((error, response) => (error ? reject(error) : resolve(response))));
}
