import { join } from "node:path";
import { InputError, type InputProblem, problem } from "../../capacity/problem";
import { stormPlanProblems } from "../../capacity/storm/scenarios";
import { planOf, readSettings } from "../../config/read";
import { announce, answering, collecting, command, EXIT, type Host, type Runnable } from "../shared/command";
import { reportDirectory } from "../shared/folder";
import { PROJECT_ROOT, readStackFile, type StackOptions, withStackOptions } from "../shared/stack-file";
import { terminalOf } from "../shared/terminal";
import { writeFiles } from "../shared/write";
import { fewCells, gridCells } from "./cells";
import { type Rehearsal, rehearse } from "./rehearsal";
import { accuracyMarkdown, rehearsalHeadline, rehearsalSections, rehearsalText } from "./report";

interface Options extends StackOptions {
  readonly grid?: true;
  readonly write?: true;
  readonly storms?: string;
  readonly json?: true;
  readonly report?: string;
}

const DEFAULT_STORMS = { few: 3, grid: 10 };
const LEAST_STORMS = 2;
/** So many disturbed storms in a row, of half a second and more, and the machine is taken to be never quiet. */
const PATIENCE = 30;
/** The exit code that shells use after SIGINT. */
const INTERRUPTED = 130;

/** `run` runs the storms. */
export function rehearseCommand(run: typeof rehearse = rehearse): Runnable {
  const definition = withStackOptions(
    command("rehearse", "Runs start-up storms on a real PostgreSQL on this machine and compares them with the model."),
  )
    .option(
      "--grid",
      "run every cell of the grid and every scenario of the plan, about half an hour (default: nine cells)",
    )
    .option("--write", "with --grid: also write docs/accuracy.md")
    .option("--storms <number>", `storms per cell (default: ${DEFAULT_STORMS.few}, with --grid ${DEFAULT_STORMS.grid})`)
    .option("--json", "print one JSON object")
    .option("--report <dir>", "also write rehearsal.html, with plots, to this directory");
  return {
    definition,
    action: (host) => {
      const options = definition.opts<Options>();
      return answering(host, options, () => rehearsed(host, options, run));
    },
  };
}

async function rehearsed(host: Host, options: Options, run: typeof rehearse): Promise<number> {
  const problems: InputProblem[] = [];
  const storms = await collecting(problems, () => readOptions(options));
  const directory = await collecting(problems, () => reportDirectory(options.report));
  if (storms === undefined || problems.length > 0) throw new InputError(problems);
  const plan = planOf(readSettings(readStackFile(options.stack, options.configFile)));
  const unsimulable = stormPlanProblems(plan);
  if (unsimulable.length > 0) throw new InputError(unsimulable);
  const interrupt = new AbortController();
  // A second signal must not interrupt the clean-up.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => interrupt.abort(name));
  try {
    const cells = options.grid ? gridCells(plan) : fewCells(plan);
    const rehearsal = await run(cells, {
      storms,
      signal: interrupt.signal,
      progress: (step) => announce(host, step),
      expected: (seconds) =>
        host.stderr.write(
          `${cells.length} cells with ${storms} storms each: about ${durationText(seconds)} on a quiet machine\n`,
        ),
      patience: PATIENCE,
    });
    await print(host, rehearsal, options, directory);
    if (!rehearsal.ok) return EXIT.refused;
    // Of a disturbed cell it cannot say whether the model is right.
    return rehearsal.cells.some(({ verdict }) => verdict === "disturbed") ? EXIT.badInput : EXIT.sound;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    host.stderr.write("interrupted; nothing is left behind\n");
    return INTERRUPTED;
  }
}

const durationText = (seconds: number) =>
  seconds < 90 ? `${Math.ceil(seconds / 10) * 10} s` : `${Math.ceil(seconds / 60)} minutes`;

/** Returns the storms per cell. @throws InputError with all problems. */
function readOptions({ grid, write, storms }: Options): number {
  const problems = [];
  if (write && !grid)
    problems.push(
      problem({
        setting: "--write",
        value: "without --grid",
        must: "come with '--grid'",
        because: "docs/accuracy.md shows every cell",
        fix: "nothing, or add --grid",
      }),
    );
  const asked = storms ?? String(grid ? DEFAULT_STORMS.grid : DEFAULT_STORMS.few);
  if (!/^[1-9]\d*$/.test(asked) || Number(asked) < LEAST_STORMS)
    problems.push(
      problem({
        setting: "--storms",
        value: asked,
        must: `be a whole number of at least ${LEAST_STORMS}`,
        because: "one storm has no interval",
        fix: DEFAULT_STORMS.few,
      }),
    );
  if (problems.length > 0) throw new InputError(problems);
  return Number(asked);
}

async function print(host: Host, rehearsal: Rehearsal, { json, write }: Options, directory: string | undefined) {
  if (directory !== undefined) await writePage(directory, rehearsal);
  if (write)
    writeFiles({
      [join(PROJECT_ROOT, "docs", "accuracy.md")]: accuracyMarkdown(rehearsal, new Date().toISOString().slice(0, 10)),
    });
  host.stdout.write(json ? `${JSON.stringify(rehearsal, null, 2)}\n` : rehearsalText(rehearsal, terminalOf(host)));
}

async function writePage(directory: string, rehearsal: Rehearsal) {
  const [{ predictedBesideMeasured }, { page }] = await Promise.all([
    import("../../report/plots/rehearsal.js"),
    import("../../report/html.js"),
  ]);
  const plots = await Promise.all([
    predictedBesideMeasured(rehearsal.cells, "success"),
    predictedBesideMeasured(rehearsal.cells, "readyP95Seconds"),
  ]);
  const sections = rehearsalSections(rehearsal);
  writeFiles({
    [join(directory, "rehearsal.html")]: page(rehearsalHeadline(rehearsal), rehearsal.ok, { plots, sections }),
  });
}
