import { type Container, literalOf } from "./workload";

/*
 * Counts the server processes that a container's command line starts. It wins over variables, as in the servers
 * themselves: each process opens a pool, whatever WEB_CONCURRENCY is.
 */

/** An application server that runs several processes. */
interface Server {
  readonly program: string;
  readonly source: string;
  readonly flags: readonly string[];
  /** The variable that holds further arguments. */
  readonly argumentsVariable?: string;
  /** Variables that count without a flag, the strongest first. */
  readonly variables: readonly string[];
  /** A flag that names a configuration file, which may state the processes, too. */
  readonly fileFlags: readonly string[];
  /** The default number of processes; absent: it depends on the machine. */
  readonly otherwise?: number;
}

const WORKERS = "WEB_CONCURRENCY";

const servers: readonly Server[] = [
  {
    program: "gunicorn",
    source:
      "gunicorn.org/configure: environment, file, GUNICORN_CMD_ARGS, command line, in increasing order of priority",
    flags: ["-w", "--workers"],
    argumentsVariable: "GUNICORN_CMD_ARGS",
    variables: [WORKERS],
    fileFlags: ["-c", "--config"],
    otherwise: 1,
  },
  {
    program: "uvicorn",
    source: "uvicorn.org/settings: --workers, UVICORN_* for every option; $WEB_CONCURRENCY is the default of --workers",
    flags: ["--workers"],
    variables: ["UVICORN_WORKERS", WORKERS],
    fileFlags: [],
    otherwise: 1,
  },
  {
    program: "fastapi",
    source: "fastapi.tiangolo.com/deployment/server-workers: runs uvicorn",
    flags: ["--workers"],
    variables: [WORKERS],
    fileFlags: [],
    otherwise: 1,
  },
  {
    program: "hypercorn",
    source: "hypercorn.readthedocs.io: -w, --workers (1)",
    flags: ["-w", "--workers"],
    variables: [],
    fileFlags: ["-c", "--config"],
    otherwise: 1,
  },
  {
    program: "granian",
    source: "github.com/emmett-framework/granian: --workers, GRANIAN_WORKERS (1)",
    flags: ["--workers"],
    variables: ["GRANIAN_WORKERS"],
    fileFlags: [],
    otherwise: 1,
  },
  {
    program: "puma",
    source: "github.com/puma/puma: -w, --workers; WEB_CONCURRENCY; none of them: one process",
    flags: ["-w", "--workers"],
    variables: [WORKERS],
    fileFlags: ["-C", "--config"],
    otherwise: 1,
  },
  {
    program: "uwsgi",
    source: "uwsgi-docs.readthedocs.io: -p, --processes, --workers; UWSGI_* for every option",
    flags: ["-p", "--processes", "--workers"],
    variables: ["UWSGI_PROCESSES", "UWSGI_WORKERS"],
    fileFlags: ["--ini", "--yaml"],
    otherwise: 1,
  },
  {
    program: "celery",
    source: "docs.celeryq.dev/userguide/workers: -c, --concurrency; the number of CPUs otherwise",
    flags: ["-c", "--concurrency"],
    variables: [],
    fileFlags: [],
  },
  {
    program: "pm2-runtime",
    source: "pm2.keymetrics.io: -i, --instances (1)",
    flags: ["-i", "--instances"],
    variables: [],
    fileFlags: [],
    otherwise: 1,
  },
];

/** An unknown program may be a script around one of these servers: then only its arguments count. */
const UNKNOWN_SERVER_FLAGS = ["-w", "--workers"];

/**
 * Runtimes whose programs are one process unless they fork; those that do read WEB_CONCURRENCY by convention.
 * Source: nodejs.org/api/cluster.html.
 */
const RUNTIMES = ["node", "bun", "deno", "java", "dotnet"];

/** The processes of a container, by its command line. */
export interface Processes {
  /** `undefined`: a number that is known only when the container runs, such as `$(nproc)`. */
  readonly workers: number | undefined;
  /** The setting that states it, as messages name it. */
  readonly setting: string;
}

/** The processes that the command line starts, of all its servers; `undefined` if it does not show them. */
export function processesOf(container: Container): Processes | undefined {
  const [only, ...others] = programsOf(container).flatMap((program) => countOf(program, container) ?? []);
  if (!only) return argumentsVariableOf(container);
  return others.reduce(
    (sum, { workers }) => ({
      setting: settingOf(container),
      workers: sum.workers === undefined || workers === undefined ? undefined : sum.workers + workers,
    }),
    only,
  );
}

/** If the image's own command is not known, a variable with a server's arguments shows which server it is. */
function argumentsVariableOf(container: Container): Processes | undefined {
  if (container.inputs.mayHave("commands")) return undefined;
  for (const { argumentsVariable, flags } of servers) {
    const variable = container.variables.find(({ name }) => name === argumentsVariable);
    const stated = variable && flagOf(splitWords(literalOf(variable) ?? ""), flags);
    if (variable && stated !== undefined)
      return { setting: variable.setting, workers: numberIn(stated, valueIn(container)) };
  }
  return undefined;
}

/** One program of a command line with its arguments and the variables set before it. */
interface Program {
  readonly words: readonly string[];
  readonly variables: ReadonlyMap<string, string>;
}

/** The name of the workers on the command line in messages. */
const settingOf = ({ inputs }: Container) => `${inputs.at(inputs.mayHave("commands") ? "commands" : "args")} (workers)`;

function countOf({ words, variables }: Program, container: Container): Processes | undefined {
  const value = (name: string) => variables.get(name) ?? valueIn(container)(name);
  const count = (text: string, setting = settingOf(container)): Processes => ({
    setting,
    workers: numberIn(text, value),
  });
  const position = words.findIndex((word) => servers.some(({ program }) => program === basename(word)));
  const server = servers.find(({ program }) => program === basename(words[position] ?? ""));
  if (!server) {
    const stated = flagOf(words, UNKNOWN_SERVER_FLAGS);
    if (stated !== undefined) return count(stated);
    const isOne = words.some((word) => RUNTIMES.includes(basename(word))) && !value(WORKERS)?.trim();
    return isOne ? count("1") : undefined;
  }
  const given = words.slice(position + 1);
  const inVariable = server.argumentsVariable ? splitWords(value(server.argumentsVariable) ?? "") : [];
  const stated = flagOf(given, server.flags) ?? flagOf(inVariable, server.flags);
  if (stated !== undefined) return count(stated);
  const name = server.variables.find((variable) => value(variable)?.trim());
  const own = container.variables.find((variable) => variable.name === name);
  if (name !== undefined) return count(value(name) ?? "", own?.setting);
  // A configuration file may state the processes, and it is not available here.
  const hasFile = [...given, ...inVariable].some((word) =>
    server.fileFlags.some((flag) => word === flag || word.startsWith(`${flag}=`)),
  );
  return hasFile || server.otherwise === undefined ? undefined : count(String(server.otherwise));
}

/** The programs of `commands` and `args`; of a shell's `-c`, the programs in its script. */
function programsOf({ inputs }: Container): Program[] {
  const given = [...knownWords(inputs, "commands"), ...knownWords(inputs, "args")];
  const shell = given.findIndex(
    (word, i) => /^(ba|da|a|z)?sh$/.test(basename(word)) && /^-\w*c$/.test(given[i + 1] ?? ""),
  );
  if (shell < 0) return [programIn(given)];
  // Words before the shell, such as an init process, start nothing else.
  const variables = new Map<string, string>();
  return (given[shell + 2] ?? "").split(/\n|;|&&|\|\||[|&]/).map((part) => {
    const program = programIn(splitWords(part));
    // `export NAME=value` and a line of its own apply to the following programs.
    for (const [name, value] of program.variables) variables.set(name, value);
    return { words: program.words, variables: new Map(variables) };
  });
}

function programIn(all: readonly string[]): Program {
  const words = all[0] === "export" || all[0] === "env" || all[0] === "exec" ? all.slice(1) : all;
  const start = words.findIndex((word) => !ASSIGNMENT.test(word));
  const assigned = start < 0 ? words : words.slice(0, start);
  const variables = assigned.map((word): [string, string] => [
    word.slice(0, word.indexOf("=")),
    word.slice(word.indexOf("=") + 1),
  ]);
  return { words: start < 0 ? [] : words.slice(start), variables: new Map(variables) };
}

const ASSIGNMENT = /^[A-Za-z_]\w*=/;

/** An unknown word is a value that is not a number. */
const knownWords = (inputs: Container["inputs"], key: string): string[] =>
  inputs.isUnknown(key) ? [] : inputs.textsOr(key, "unknown");

/** The last value that one of the flags has: `-w 4`, `-w4`, `--workers=4`, `--workers 4`. */
function flagOf(words: readonly string[], flags: readonly string[]): string | undefined {
  const values = words.flatMap((word, i) => {
    for (const flag of flags) {
      if (word === flag) return [words[i + 1] ?? ""];
      if (word.startsWith(`${flag}=`)) return [word.slice(flag.length + 1)];
      if (!flag.startsWith("--") && word.startsWith(flag) && /^\d/.test(word.slice(flag.length)))
        return [word.slice(flag.length)];
    }
    return [];
  });
  return values.at(-1);
}

/** A count, with the variables in it replaced: `$NAME`, `${NAME:-2}`, Cloud Run's `$(NAME)`; 0 is one process. */
function numberIn(text: string, value: (name: string) => string | undefined): number | undefined {
  const reference = /^\$(?:\{(\w+)(?::?-([^}]*))?\}|\((\w+)\)|(\w+))$/.exec(text.trim());
  const [, braced, fallback, kubernetes, bare] = reference ?? [];
  const number = reference ? value(braced ?? kubernetes ?? bare ?? "")?.trim() || fallback || "" : text.trim();
  return /^\d+$/.test(number) ? Math.max(1, Number(number)) : undefined;
}

const valueIn = (container: Container) => (name: string) => {
  const variable = container.variables.find((candidate) => candidate.name === name);
  return variable && literalOf(variable);
};

/** Splits as a shell does, with quotes removed. */
export const splitWords = (line: string): string[] =>
  (line.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? []).map((word) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single ?? ""),
  );

const basename = (word: string) => word.split("/").at(-1) ?? "";
