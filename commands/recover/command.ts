import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { InputError, inputError } from "../../capacity/problem";
import { readSettings } from "../../config/read";
import { pulumiProblem } from "../../engine/pulumi-cli";
import { readExport } from "../../engine/stack-export";
import { cloudName } from "../../policy/resources/cloud-name";
import { announce, command, EXIT, type Runnable } from "../shared/command";
import { inputName, textIn } from "../shared/input";
import { PROJECT_ROOT, readStackFile, type StackOptions, withStackOptions } from "../shared/stack-file";
import { printable } from "../shared/terminal";
import { writeFiles } from "../shared/write";
import { lookingLines } from "./left-behind";
import { type Recovery, type Resource, recovery } from "./recovery";

export function recoverCommand(): Runnable {
  const definition = withStackOptions(
    command(
      "recover",
      "Lists what an interrupted update may have left behind, and prints the commands that repair the stack, in order.",
    ).argument("[export]", "a `pulumi stack export`, or - for standard input (default: asks pulumi for it)"),
  );
  return {
    definition,
    action: async (host) => {
      const { stack, configFile } = definition.opts<StackOptions>();
      const [source] = definition.args;
      const configuration = readStackFile(stack, configFile);
      const settings = readSettings(configuration);
      const exported = readExport(
        source === undefined
          ? await exportOf(stack, host.env)
          : textIn(source, {
              because: "it holds the exported state",
              fix: "give the path of a pulumi stack export",
            }),
        source === undefined ? "pulumi stack export" : inputName(source),
        stack,
      );
      announce(host, "evaluating the program");
      const [{ evaluate }, { configurationOfRun, declare }] = await Promise.all([
        import("../../engine/evaluate.js"),
        import("../../stack.js"),
      ]);
      const program = await evaluate(stack, configuration, () => declare(readSettings(configurationOfRun())));
      host.stdout.write(`${script(stack, recovery(exported, settings, program)).join("\n")}\n`);
      return EXIT.sound;
    },
  };
}

async function exportOf(stack: string, env: NodeJS.ProcessEnv): Promise<string> {
  const problem = await pulumiProblem(env);
  if (problem) throw new InputError([{ setting: "pulumi", message: problem }]);
  try {
    const { stdout } = await promisify(execFile)("pulumi", ["stack", "export", "--stack", stack], {
      cwd: PROJECT_ROOT,
      env,
      maxBuffer: 2 ** 28,
    });
    return stdout;
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string }; // what execFile rejects with
    throw inputError(
      "--stack",
      `(${stack}) must be a stack that pulumi can export because recover repairs its state; ${(stderr || message).trim()}`,
    );
  }
}

/** A shell script: what is known as comments, then the commands. */
function script(
  stack: string,
  { repaired, pending, unknown, recreated, serverAssignedIds, interrupted }: Recovery,
): string[] {
  const all = [pending, unknown, recreated, serverAssignedIds, interrupted].flat().length;
  if (all === 0)
    return [
      `# ${stack} has no pending operations, and its state lacks no resource that may exist: continue with npm run up.`,
      `# If it reports that the stack is locked although nobody is updating it: pulumi cancel ${stack} --yes`,
    ];
  const file = join(temporaryFolder(), `${stack}.json`);
  writeFiles({ [file]: JSON.stringify(repaired, null, 2) });
  const versions = [...pending, ...unknown].filter(({ id }) => id.includes("/versions/"));
  const looking = lookingLines([...pending, ...unknown]);
  return [
    ...list("Creation interrupted; the refresh keeps those that exist:", pending.map(shown)),
    ...list(
      "Not in the state, but may exist if a provider died; the refresh keeps those that exist:",
      unknown.map(shown),
    ),
    ...list("Creation interrupted; the next update repeats it without making a duplicate:", recreated.map(shown)),
    ...list(
      "Not in the state, and Google assigns the id; the next update creates it again. Afterwards delete any duplicate:",
      serverAssignedIds.map(shown),
    ),
    ...list("Update or deletion interrupted; the refresh reads the result:", interrupted.map(shown)),
    ...list(
      "If somebody else added the version of that number, stop and correct 'version' in netra:secrets first:",
      versions.map(listCommand),
    ),
    ...(looking.length > 0
      ? [
          "# Google creates these in the background, which can fail: check the state of each before the refresh, and delete those that failed:",
          ...looking.map((line) => `#   ${line}`),
        ]
      : []),
    "# First make sure that nobody is updating the stack: the first command removes the lock.",
    `pulumi cancel ${stack} --yes`,
    `pulumi stack import --stack ${stack} --file ${file}`,
    `pulumi refresh --stack ${stack} --yes --skip-preview`,
    `npm run up -- --stack ${stack}`,
  ];
}

function temporaryFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), "netra-recover-"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // what making throws
    throw inputError(
      "TMPDIR",
      `(${tmpdir()}) must be a folder that can be written because the repaired state goes there (${code}); set it to another one`,
    );
  }
}

/** Comments. Names and ids may contain the end of a line, which would end the comment. */
function list(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return [`# ${title}`, ...lines.toSorted().map((line) => `#   ${printable(line)}`)];
}

function shown({ type, name, id }: Resource): string {
  return `${type} ${name}${id && `: ${id}`}`;
}

function listCommand({ id }: Resource): string {
  const secret = cloudName(id, "secrets");
  return `version ${cloudName(id)?.name}: gcloud secrets versions list ${secret?.name} --project ${secret?.project}`;
}
