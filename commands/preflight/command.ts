import { InputError, type InputProblem, inputError } from "../../capacity/problem";
import { readSettings } from "../../config/read";
import { type Preview, readPreview } from "../../engine/preview";
import { collectFromApi } from "../shared/cloud/collect-api";
import { collectFromFiles } from "../shared/cloud/collect-files";
import { deployedFrom } from "../shared/cloud/deployed";
import { googleCloud } from "../shared/cloud/rest";
import { collectingLines } from "../shared/cloud/sources";
import { announce, answering, collecting, command, EXIT, jsonText, type Runnable } from "../shared/command";
import { inputName, textIn } from "../shared/input";
import { directoryFrom, type LocationOptions, locationFrom, withLocationOptions } from "../shared/location";
import { readStackFile, type StackOptions, withStackOptions } from "../shared/stack-file";
import { terminalOf } from "../shared/terminal";
import { constraints } from "./constraints";
import { PREFLIGHT_SOURCES, readingOf } from "./facts";
import { preflightText } from "./format";
import { plannedImages } from "./image-reference";
import { CHECK_KEYS, type CheckKey, preflight } from "./preflight";
import { publicImages, publicRegistries } from "./public-images";

interface Options extends StackOptions, LocationOptions {
  readonly preview?: string;
  readonly allowOpen?: string;
  readonly json?: true;
}

export function preflightCommand(): Runnable {
  const definition = withLocationOptions(
    withStackOptions(
      command(
        "preflight",
        "Checks before an update what the real project would refuse: what is missing, taken or forbidden, and how to fix it. Read-only.",
      ),
    ),
  )
    .option(
      "--preview <file>",
      "the output of `pulumi preview --json`, which shows what the update creates; - reads standard input",
    )
    .option("--allow-open <checks>", `checks that may stay open, separated by commas: ${CHECK_KEYS.join(", ")}`)
    .option("--json", "print the answers as one JSON object")
    .addHelpText(
      "after",
      () =>
        `\nCommands that collect the files for --from; run them in an empty folder, they only read:\n${lines()
          .map((line) => `  ${line}`)
          .join("\n")}`,
    );
  return {
    definition,
    action: (host) => {
      const options = definition.opts<Options>();
      return answering(host, options, async () => {
        const problems: InputProblem[] = [];
        const planned = await collecting(problems, () =>
          readSettings(readStackFile(options.stack, options.configFile)),
        );
        const from = await collecting(problems, () => directoryFrom(options));
        const location = planned && (await collecting(problems, () => locationFrom(options, planned)));
        const preview = await collecting(problems, () => previewOf(options));
        const mayStayOpen = await collecting(problems, () => allowed(options.allowOpen ?? ""));
        if (!planned || !location || !mayStayOpen || problems.length > 0) throw new InputError(problems);
        const settings = { ...planned, ...location };
        announce(host, from === undefined ? "asking Google" : "reading the files");
        const [read, images] = await Promise.all([
          from === undefined
            ? collectFromApi(googleCloud(settings.project), settings, readingOf(settings))
            : collectFromFiles(from, settings),
          publicImages(plannedImages(settings), publicRegistries),
        ]);
        const { collection, deployed, notes } = deployedFrom(read, settings);
        const found = preflight({ settings, collection, deployed, preview, publicImages: images }, mayStayOpen, [
          ...collection.notes,
          ...notes,
        ]);
        host.stdout.write(
          options.json ? jsonText({ stack: options.stack, ...found }) : preflightText(found, terminalOf(host)),
        );
        return found.ok ? EXIT.sound : EXIT.refused;
      });
    },
  };
}

/** `$REGISTRY` stands for each repository of images, `$INSTANCE` for the database instance. */
const lines = () =>
  collectingLines({ project: "$PROJECT", region: "$REGION" }, PREFLIGHT_SOURCES, {
    policies: constraints.map(({ name }) => name),
  });

function previewOf({ preview, stack }: Options): Preview | undefined {
  if (preview === undefined) return undefined;
  const text = textIn(preview, {
    because: "the preview stands there",
    fix: `run \`npm run --silent preview -- --json > ${preview}\``,
    option: "--preview",
  });
  return readPreview(text, inputName(preview), stack);
}

/** @throws InputError */
function allowed(list: string): readonly CheckKey[] {
  const checks = list.split(",").filter((check) => check !== "");
  const isKey = (check: string): check is CheckKey => (CHECK_KEYS as readonly string[]).includes(check);
  const unknown = checks.filter((check) => !isKey(check));
  if (unknown.length > 0)
    throw inputError(
      "--allow-open",
      `(${unknown.join(", ")}) must name checks because only checks can stay open; use ${CHECK_KEYS.join(", ")}`,
    );
  return checks.filter(isKey);
}
