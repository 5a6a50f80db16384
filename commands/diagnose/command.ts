import { inputError } from "../../capacity/problem";
import { planOf, readSettings } from "../../config/read";
import type { Settings } from "../../config/schema";
import { judgeProgram } from "../../policy/framework/judgement";
import { rules } from "../../policy/rules";
import { collectFromApi } from "../shared/cloud/collect-api";
import { collectFromFiles, jsonIn } from "../shared/cloud/collect-files";
import { asJudged, type Deployed, deployedFrom } from "../shared/cloud/deployed";
import { googleCloud } from "../shared/cloud/rest";
import { collectingLines } from "../shared/cloud/sources";
import { announce, answering, command, EXIT, type Host, jsonText, type Runnable } from "../shared/command";
import { directoryFrom, type LocationOptions, locationFrom, withLocationOptions } from "../shared/location";
import { readStackFile, type StackOptions, withStackOptions } from "../shared/stack-file";
import { terminalOf } from "../shared/terminal";
import { capacityOf } from "./capacity";
import { type Diagnosis, diagnose } from "./diagnosis";
import { lastHour } from "./figures";
import { diagnosisText } from "./format";
import { INCIDENTS_URL, judgeIncidents, type RegionAnswer, readFeed } from "./incidents";
import { STATES } from "./verdict";

interface Options extends StackOptions, LocationOptions {
  readonly incidents?: string;
  readonly all?: true;
  readonly adopt?: true;
  readonly json?: true;
}

const FEED_TIMEOUT_SECONDS = 20;

export function diagnoseCommand(): Runnable {
  const definition = withLocationOptions(
    withStackOptions(
      command(
        "diagnose",
        "Answers the questions of the incident report for the deployed environment and judges it by the plan's rules. Read-only.",
      ),
      "the plan to compare with",
    ),
  )
    .option("--incidents <file>", `read the incident feed from a file instead of ${INCIDENTS_URL}`)
    .option("--all", "print every finding, command, answer and change, not only what is urgent")
    .option("--adopt", "also print the section netra:adopt of what was found")
    .option("--json", "print the diagnosis as one JSON object")
    .addHelpText(
      "after",
      () =>
        `\nThe last lines are the verdict and the commands to run first:\n${Object.entries(STATES)
          .map(([state, meaning]) => `  ${state.padEnd(8)} ${meaning}`)
          .join(
            "\n",
          )}\n\nCommands that collect the files for --from, in an empty folder; they only read:\n${collectingLines({
          project: "$PROJECT",
          region: "$REGION",
        })
          .map((line) => `  ${line}`)
          .join("\n")}`,
    );
  return {
    definition,
    action: (host) => {
      const options = definition.opts<Options>();
      return answering(host, options, async () => {
        const configuration = readStackFile(options.stack, options.configFile);
        const planned = readSettings(configuration);
        const from = directoryFrom(options);
        const settings = { ...planned, ...locationFrom(options, planned) };
        const feed = options.incidents === undefined ? undefined : feedIn(options.incidents);
        const found = await diagnosed(host, { settings, stack: options.stack, configuration, from, feed });
        host.stdout.write(
          options.json
            ? jsonText({ stack: options.stack, ...found })
            : diagnosisText(found, {
                terminal: terminalOf(host),
                services: settings.services,
                isWhole: options.all === true,
                withAdoption: options.adopt === true,
              }),
        );
        return found.ok ? EXIT.sound : EXIT.refused;
      });
    },
  };
}

interface DiagnosisRequest {
  readonly settings: Settings;
  readonly stack: string;
  readonly configuration: Readonly<Record<string, unknown>>;
  /** `undefined`: read from the project's APIs. */
  readonly from: string | undefined;
  /** `undefined`: read from the public feed. */
  readonly feed: unknown;
}

async function diagnosed(
  host: Host,
  { settings, stack, configuration, from, feed }: DiagnosisRequest,
): Promise<Diagnosis> {
  announce(host, "reading what is deployed");
  const cloud = from === undefined ? googleCloud(settings.project) : undefined;
  const { collection, deployed, notes } = deployedFrom(
    cloud ? await collectFromApi(cloud, settings) : collectFromFiles(from ?? "", settings),
    settings,
  );
  announce(host, "judging it");
  const answering = regionAnswer(feed, settings.region);
  answering.catch(() => undefined); // awaited below
  const capacities = capacityOf(deployed, settings);
  const hour = cloud && (await lastHour(cloud, settings, { capacities, deployed }, Date.now()));
  const { plan, program } = await planned(stack, configuration);
  const judge = (resources: readonly Deployed[], isBrief: boolean, registered: typeof program = []) =>
    judgeProgram(rules, [...registered, ...resources.map((resource) => asJudged(resource, settings))], {
      plan: planOf(settings),
      isBrief,
    });
  return diagnose({
    settings,
    collection,
    deployed,
    capacities,
    judge,
    plan,
    judgeUp: (others) => judge(others, true, program),
    region: await answering,
    notes,
    hour,
  });
}

/** What the program registers. Only this loads Pulumi's SDK. */
async function planned(stack: string, configuration: Readonly<Record<string, unknown>>) {
  const [{ asJudged: asProgram, evaluate }, { declare }] = await Promise.all([
    import("../../engine/evaluate.js"),
    import("../../stack.js"),
  ]);
  const plan = await evaluate(stack, configuration, () => declare(readSettings(configuration)));
  const { project, region } = readSettings(configuration);
  return { plan, program: plan.map((resource) => asProgram(resource, { project, region })) };
}

/** Reads the saved or the public feed. The question stays open where the public feed does not answer. */
async function regionAnswer(saved: unknown, region: string): Promise<RegionAnswer> {
  const read = saved === undefined ? await readFeed(INCIDENTS_URL, FEED_TIMEOUT_SECONDS) : { feed: saved };
  return typeof read === "string"
    ? { findings: [], answer: "", open: read }
    : judgeIncidents(read.feed, region, Date.now());
}

function feedIn(file: string): unknown {
  const read = jsonIn(file);
  if (read) return read.value;
  throw inputError(
    "--incidents",
    `(${file}) must be a JSON file that can be read because the incident feed stands there; save ${INCIDENTS_URL}`,
  );
}
