import { readPreview } from "../../engine/preview";
import { answering, command, EXIT, jsonText, type Runnable } from "../shared/command";
import { inputName, textIn } from "../shared/input";
import { terminalOf } from "../shared/terminal";
import { guardText } from "./format";
import { judge } from "./judge";

interface Options {
  readonly stack?: string;
  readonly json?: true;
}

export function guardCommand(): Runnable {
  const definition = command(
    "guard",
    "Refuses a preview that replaces or deletes what cannot be made again, and announces what interrupts service.",
  )
    .argument(
      "<preview>",
      "what `pulumi preview --json` printed, as one object or as a stream of events; - reads standard input",
    )
    .option("--stack <name>", "the stack that the preview must be of (default: any)")
    .option("--json", "print the verdict as one JSON object");
  return {
    definition,
    action: (host) => {
      const options = definition.opts<Options>();
      return answering(host, options, () => {
        const [file = ""] = definition.args;
        const text = textIn(file, {
          because: "the preview stands there",
          fix: `run \`pulumi preview --json > ${file}\``,
        });
        const verdict = judge(readPreview(text, inputName(file), options.stack));
        host.stdout.write(options.json ? jsonText(verdict) : guardText(verdict, terminalOf(host)));
        return verdict.ok ? EXIT.sound : EXIT.refused;
      });
    },
  };
}
