import { execFileSync } from "node:child_process";
import { InputError } from "../../capacity/problem";

/*
 * `npm run check --stack=production`, with the `--` forgotten: npm takes the option for a setting of its own, and the
 * command would run without it, on another stack. npm hands its settings on as variables `npm_config_*`, whether they
 * come from the command line or from a file; the value of `--stack production` becomes an argument. Seen with npm 10
 * and 11; source: npm/cli, workspaces/config/lib/set-envs.js.
 */

/** An option of a command, as its help has it. */
export interface OwnOption {
  /** Without dashes; one letter is a short option. */
  readonly name: string;
  /** What its value is called. None: the option takes no value. */
  readonly value?: string;
}

/** How a command was started. */
export interface Invocation {
  /** Its name in package.json. */
  readonly command: string;
  /** The first of a name counts. */
  readonly options: readonly OwnOption[];
  /** What its arguments are called. */
  readonly expected: readonly string[];
  /** What is left on its command line. */
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** @throws InputError where npm took options of the command. */
export function refuseSwallowedOptions(invocation: Invocation): void {
  const { command, options, environment } = invocation;
  if (environment.npm_lifecycle_event !== command) return; // started by something else than `npm run`
  const distinct = options.filter(({ name }, i) => options.findIndex((other) => other.name === name) === i);
  const swallowed = distinct.flatMap((option) => {
    const value = environment[variableOf(option)];
    return value === undefined ||
      (value === "" && option.value === undefined) ||
      value === settingOf(option, environment)
      ? []
      : [{ option, value }];
  });
  if (swallowed.length === 0) return;
  const names = swallowed.map(({ option }) => `'${dashed(option)}'`).join(", ");
  const message = `${names} must come after '--' because npm keeps what stands before it; run \`npm run ${command} -- ${meant(swallowed, invocation)}\``;
  throw new InputError([{ setting: dashed(swallowed[0]?.option ?? { name: "" }), message }]);
}

const variableOf = ({ name }: OwnOption) => `npm_config_${name.replaceAll("-", "_")}`;
const dashed = ({ name }: OwnOption) => (name.length === 1 ? `-${name}` : `--${name}`);

/**
 * The value without the command line: from an `.npmrc`, or npm's default. npm is only asked where there is a value to
 * explain.
 */
function settingOf({ name, ...option }: OwnOption, environment: NodeJS.ProcessEnv): string | undefined {
  const { [variableOf({ name, ...option })]: _, ...others } = environment;
  try {
    const value = execFileSync(process.execPath, [environment.npm_execpath ?? "", "config", "get", name], {
      env: { ...others, npm_config_loglevel: "silent" },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
    return ["false", "null"].includes(value) ? "" : value;
  } catch {
    return undefined; // no npm that answers: then nothing explains the variable
  }
}

/**
 * What was meant, as it has to be written. Where several values stand on the command line, nobody knows which belongs
 * to which option.
 */
function meant(
  swallowed: readonly { readonly option: OwnOption; readonly value: string }[],
  { args, expected }: Invocation,
): string {
  const isBare = ({ option, value }: (typeof swallowed)[number]) => option.value !== undefined && value === "true";
  const isClear = !swallowed.some(isBare) || args.length === 1;
  const written = swallowed.flatMap((one) => {
    const { option, value } = one;
    if (option.value === undefined) return [dashed(option)];
    if (isBare(one)) return [`${dashed(option)} ${isClear ? args[0] : `<${option.value}>`}`];
    return value.split("\n\n").map((each) => `${dashed(option)}=${each}`);
  });
  const left = swallowed.some(isBare) ? [] : args;
  return [...written, ...left, ...expected.slice(left.length).map((name) => `<${name}>`)].join(" ");
}
