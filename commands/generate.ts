import { join } from "node:path";
import { planBudget } from "../capacity/checks";
import { stackFileSchema } from "../config/json-schema";
import { planOf, readSettings } from "../config/read";
import { rulesByService } from "../policy/rules";
import { checkText } from "../report/check-text";
import { standalone } from "../report/html";
import { budgetTable } from "../report/markdown";
import { budgetBar } from "../report/plots/budget-bar";
import { rulesList } from "../report/rules-list";
import { judge } from "./check/judge";
import { command, EXIT, type Runnable } from "./shared/command";
import { PROJECT_ROOT, projectText, readStackFile } from "./shared/stack-file";
import { writeFiles } from "./shared/write";

/*
 * What is derived from the staging plan and from the rules, and committed so that people and other tools can read it.
 * A test compares the files with what stands here.
 */

/** Every generated file with what writes its whole content. */
export const generatedFiles: Readonly<Record<string, () => string | Promise<string>>> = {
  "stack.schema.json": () => json(stackFileSchema()),
  "README.md": async () =>
    withSections("README.md", { refusal: await refusal(), budget: budgetTable({ budget: planBudget(stagingPlan()) }) }),
  "policy/README.md": () => withSections("policy/README.md", { rules: rulesList(rulesByService) }),
  "docs/images/budget.svg": async () => {
    const plan = stagingPlan();
    return standalone(await budgetBar(planBudget(plan), plan.database, README_WIDTH));
  },
};

/** What `check` prints of a pool that is too large, without what a reader of the README need not see. */
async function refusal(): Promise<string> {
  const configuration = readStackFile("staging");
  const services = configuration["netra:services"] as Record<string, { database?: object }>; // as the committed file has it
  const { auth } = services;
  const changed = {
    ...configuration,
    "netra:services": { ...services, auth: { ...auth, database: { ...auth?.database, poolSize: 20 } } },
  };
  const verdict = await judge({ stack: "staging", configuration: changed, settings: readSettings(changed) });
  const [summary = "", ...findings] = checkText(verdict, {}, { width: 80, colour: false }).trimEnd().split("\n\n");
  const connections = summary.slice(0, summary.indexOf("\nStarts"));
  return `\`\`\`text\n${[connections, ...findings].join("\n\n")}\n\`\`\``;
}

const stagingPlan = () => planOf(readSettings(readStackFile("staging")));

/** In pixels, of the drawing in the README. */
const README_WIDTH = 480;

const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;

/** The file with the text between the two markers of each section replaced. */
function withSections(file: string, sections: Readonly<Record<string, string>>): string {
  return Object.entries(sections).reduce((text, [section, content]) => {
    const [begin, end] = [`<!-- generated: ${section} -->`, `<!-- end: ${section} -->`];
    const [head, rest] = text.split(begin);
    const tail = rest?.split(end)[1];
    if (head === undefined || tail === undefined) throw new Error(`${file} needs the markers ${begin} and ${end}`);
    return `${head}${begin}\n\n${content}\n\n${end}${tail}`;
  }, projectText(file));
}

export function generateCommand(): Runnable {
  return {
    definition: command("generate", "Writes the files that are derived from the staging plan and from the rules."),
    action: async () => {
      const contents: Record<string, string> = {};
      for (const [file, content] of Object.entries(generatedFiles))
        contents[join(PROJECT_ROOT, file)] = await content();
      writeFiles(contents);
      return EXIT.sound;
    },
  };
}
