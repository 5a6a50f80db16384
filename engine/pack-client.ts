import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { credentials } from "@grpc/grpc-js";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import * as analyzer from "@pulumi/pulumi/proto/analyzer_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { configured, LEVELS, type Level, type PackConfiguration } from "../policy/framework/judgement";
import { asStrings, type RegisteredResource } from "./evaluate";

/** What the pack says of a resource (or, without `urn`, of the stack). */
export interface Diagnostic {
  readonly policy: string;
  readonly level: Level;
  readonly urn: string;
  readonly message: string;
}

/** One rule as the pack describes itself: what its configuration may contain. */
export interface RuleInfo {
  readonly name: string;
  readonly schema: {
    readonly properties: Record<string, { readonly default?: unknown }>;
    readonly required: readonly string[];
  };
}

/** The stack that a pack judges. */
interface StackOfPack {
  readonly name: string;
  readonly configuration: Readonly<Record<string, unknown>>;
}

/** What ends a process without an `exit` event. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024; // the pack's own limit

/** The policy pack as the engine runs it: a process of its own that is asked over gRPC. Call {@link stop} when done. */
export class PackServer {
  private constructor(
    private readonly process: ChildProcess,
    private readonly client: AnalyzerClient,
    readonly rules: readonly RuleInfo[],
  ) {}

  /**
   * Starts the pack in `directory`, for a stack or, as `policy analyze` does, for none. @throws when it does not come
   * up, with what it printed.
   */
  static async start(directory: string, stack?: StackOfPack): Promise<PackServer> {
    const runner = require.resolve("@pulumi/pulumi/cmd/run-policy-pack");
    // The pack does not notice when its driver dies. Before it starts: a signal in between would leave it behind.
    let started: ChildProcess | undefined;
    const kill = () => started?.kill();
    const die = (signal: NodeJS.Signals) => {
      kill();
      process.kill(process.pid, signal); // the handler is gone by now: the signal does what it would have done
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
      const client = new AnalyzerClient(`127.0.0.1:${await portOf(child)}`, credentials.createInsecure(), {
        "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
        "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
      });
      const info = await call<analyzer.AnalyzerInfo>((done) => client.getAnalyzerInfo(new Empty(), done));
      return new PackServer(child, client, info.getPoliciesList().map(ruleInfo));
    } catch (error) {
      child.kill();
      throw error;
    }
  }

  /** Merges defaults and configuration as the engine does, and hands them to the pack. */
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
    // All at once: a round trip costs more than the judgement, and the pack keeps nothing between two questions.
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

/** The stack's configuration as the engine hands it to a pack: in variables. */
const configurationOf = ({ name, configuration }: StackOfPack) => ({
  PULUMI_NODEJS_PROJECT: "netra",
  PULUMI_NODEJS_STACK: name,
  PULUMI_CONFIG: JSON.stringify(asStrings(configuration)),
});

/** The values a rule has where nobody configures it. */
export function defaultsOf(rule: RuleInfo): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(rule.schema.properties).flatMap(([key, schema]) =>
      schema.default === undefined ? [] : [[key, schema.default]],
    ),
  );
}

// came from a Struct
const struct = (value: object) => Struct.fromJavaScript(value as Parameters<typeof Struct.fromJavaScript>[0]);

/** The pack prints its port once it listens; anything it says before it dies is the reason it did not. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    child.stderr?.on("data", (data) => said.push(String(data)));
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the policy pack did not start (exit ${code})\n${said.join("")}`)));
    if (child.stdout)
      createInterface(child.stdout).on("line", (line) => {
        if (/^\d+$/.test(line.trim())) resolve(Number(line));
        else said.push(`${line}\n`);
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
    // The server puts the rule's description in front of what the rule said.
    message: diagnostic.getMessage().startsWith(`${diagnostic.getDescription()}\n`)
      ? diagnostic.getMessage().slice(diagnostic.getDescription().length + 1)
      : diagnostic.getMessage(),
  };
}

function call<T>(invoke: (done: (error: Error | null, response: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => invoke((error, response) => (error ? reject(error) : resolve(response))));
}
