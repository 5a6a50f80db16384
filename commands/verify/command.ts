import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { parse } from "yaml";
import { InputError, type InputProblem, inputError } from "../../capacity/problem";
import { readSettings } from "../../config/read";
import { pulumiProblem } from "../../engine/pulumi-cli";
import { announce, answering, collecting, command, EXIT, jsonText, type Runnable } from "../shared/command";
import { inputName, textIn } from "../shared/input";
import { PROJECT_ROOT, readStackFile, type StackOptions, withStackOptions } from "../shared/stack-file";
import { terminalOf } from "../shared/terminal";
import { readContract } from "./contract";
import { verificationText } from "./format";
import { type VerificationTarget, verify } from "./smoke-test";

interface Options extends StackOptions {
  readonly hosts?: string;
  readonly fromOutputs?: true;
  readonly json?: true;
}

/** `test` is the smoke test. */
export function verifyCommand(test: typeof verify = verify): Runnable {
  const definition = withStackOptions(
    command(
      "verify",
      "Verifies from outside, after an `up`, that hosts, certificates, tokens, WebSocket and starts work.",
    ),
  )
    .option("--hosts <file>", "the hosts of each service, and what is assumed of the application (docs/verify.md)")
    .option("--from-outputs", "take the services' own addresses from pulumi's outputs of the stack")
    .option("--json", "print the verdict as one JSON object");
  return {
    definition,
    action: (host) => {
      const options = definition.opts<Options>();
      return answering(host, options, async () => {
        const target = await readTarget(options, host.env);
        announce(host, "verifying");
        const verdict = await test(target, { variables: host.env });
        host.stdout.write(
          options.json ? jsonText({ stack: options.stack, ...verdict }) : verificationText(verdict, terminalOf(host)),
        );
        return verdict.ok ? EXIT.sound : EXIT.refused;
      });
    },
  };
}

/** Reads plan and contract. @throws InputError with the problems of both. */
async function readTarget(options: Options, env: NodeJS.ProcessEnv): Promise<VerificationTarget> {
  const problems: InputProblem[] = [];
  const settings = await collecting(problems, () => readSettings(readStackFile(options.stack, options.configFile)));
  const values = await collecting(problems, () => valuesOf(options, env));
  // Without a plan there are no services to compare with; without hosts, nothing to read.
  const contract =
    settings &&
    values &&
    (await collecting(problems, () => readContract(values, { services: settings.services, variables: env })));
  if (!settings || !contract) throw new InputError(problems);
  return { settings, contract };
}

/** What the hosts file holds, or would hold. */
async function valuesOf({ hosts, fromOutputs, stack }: Options, env: NodeJS.ProcessEnv): Promise<object> {
  if ((hosts === undefined) === (fromOutputs === undefined)) {
    const given = fromOutputs ? "both given" : "neither given";
    throw inputError(
      "--hosts",
      `and '--from-outputs' (${given}) must be given, and only one of them, because it names the hosts to verify; add '--hosts FILE' or '--from-outputs'`,
    );
  }
  return hosts === undefined ? { hosts: await urlsOf(stack, env) } : hostsIn(hosts);
}

function hostsIn(file: string): object {
  const text = textIn(file, {
    because: "it names the hosts",
    fix: "write one as in docs/verify.md",
    option: "--hosts",
  });
  let values: unknown;
  try {
    values = parse(text, { logLevel: "error" });
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : "").split("\n");
    throw inputError(inputName(file), `must be YAML because the hosts file is parsed as YAML; ${reason}`);
  }
  if (values !== null && typeof values === "object" && !Array.isArray(values)) return values;
  throw inputError(
    inputName(file),
    "must have a section 'hosts' because it names the hosts of each service; write it as in docs/verify.md",
  );
}

/** The output `urls` of the stack: the addresses that Cloud Run gave its services. */
async function urlsOf(stack: string, env: NodeJS.ProcessEnv): Promise<unknown> {
  const problem = await pulumiProblem(env);
  if (problem !== undefined) throw new InputError([{ setting: "pulumi", message: problem }]);
  let stdout: string;
  try {
    ({ stdout } = await promisify(execFile)(
      "pulumi",
      ["stack", "output", "--json", "--stack", stack, "--non-interactive"],
      { cwd: PROJECT_ROOT, env },
    ));
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string }; // what execFile rejects with
    throw inputError(
      "--stack",
      `(${stack}) must be a stack whose outputs pulumi can read because they contain the addresses; ${(stderr || message).trim()}`,
    );
  }
  const urls = urlsIn(stdout);
  if (urls === undefined)
    throw inputError(
      "--stack",
      `(${stack}) must have the output 'urls' because it contains the addresses; run 'npm run up -- --stack ${stack}' first`,
    );
  return urls;
}

function urlsIn(outputs: string): unknown {
  try {
    const object: unknown = JSON.parse(outputs);
    return object !== null && typeof object === "object" ? Reflect.get(object, "urls") : undefined;
  } catch {
    return undefined;
  }
}
