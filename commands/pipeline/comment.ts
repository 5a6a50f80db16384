import { countsText } from "../../engine/preview";
import { budgetSection, checksSection, costSection, findings, headline, stormSection } from "../../report/markdown";
import { differences, differencesTable } from "./comparison";
import { list, type Section, withinLimit } from "./format";
import type { GuardFile, VerdictFile } from "./verdict-file";

/** Identifies the comment that is updated in place. */
export const COMMENT_MARKER = "<!-- netra-staging: check -->";

export interface Findings {
  readonly head: VerdictFile;
  readonly base: VerdictFile;
  /** `undefined`: there was no preview. */
  readonly guard: GuardFile | { readonly problems: readonly string[] } | undefined;
}

/** The comment on a pull request: verdict, changes, sums. Stays within GitHub's limit. */
export function comment({ head, base, guard }: Findings): string {
  return withinLimit([
    { title: "the verdict", text: `${COMMENT_MARKER}\n\n# ${title(head)}` },
    ...verdictSections(head, base),
    guardSection(guard),
    ...sums(head),
  ]);
}

function title(head: VerdictFile): string {
  if ("verdict" in head) return headline(head.verdict);
  return "problems" in head ? "The stack file is not a valid plan" : "No verdict";
}

function verdictSections(head: VerdictFile, base: VerdictFile): Section[] {
  if ("none" in head)
    return [
      {
        title: "why there is none",
        text: `There is no result (${head.none}); see the log of the workflow \`preview\`.`,
      },
    ];
  if ("problems" in head) return [{ title: "its problems", text: list(head.problems) }];
  return [
    { title: "the findings", text: findings(head.verdict) },
    { title: "the changes", text: `## What changes against the base\n\n${changes(head, base)}` },
  ];
}

function changes({ verdict }: Extract<VerdictFile, { verdict: unknown }>, base: VerdictFile): string {
  if ("verdict" in base) return differencesTable(differences(base.verdict, verdict));
  const why = "problems" in base ? "its stack file is not a valid plan" : base.none;
  return `The base cannot be evaluated (${why}), so there is no comparison.`;
}

function guardSection(guard: Findings["guard"]): Section {
  const section = (text: string) => ({ title: "the preview", text: `## What an update would do\n\n${text}` });
  if (guard === undefined) return section("Not previewed: this run had no credentials, or the preview did not start.");
  if ("problems" in guard) return section(list(guard.problems));
  const open = guard.refused.filter(({ acknowledged }) => acknowledged === undefined);
  return section(
    [
      `${guard.ok ? "`guard` refuses nothing" : `\`guard\` REFUSES it, for ${open.length === 1 ? "one reason" : `${open.length} reasons`}`}. Steps: ${countsText(guard.changes)}.`,
      list(open.map(({ message }) => message)),
      list(
        guard.announced.map(
          ({ resource, change, effect, consequence }) =>
            `interrupts (${effect}): ${resource}, ${change}: ${consequence}`,
        ),
      ),
    ]
      .filter((text) => text !== "")
      .join("\n\n"),
  );
}

function sums(head: VerdictFile): Section[] {
  if (!("verdict" in head)) return [];
  const { verdict } = head;
  return [
    { title: "the connection budget", text: budgetSection(verdict) },
    { title: "the storms", text: stormSection(verdict) },
    { title: "the checks", text: folded("Checks of the plan", checksSection(verdict)) },
    { title: "the cost", text: folded("Cost", costSection(verdict)) },
  ];
}

const folded = (summary: string, text: string) => `<details><summary>${summary}</summary>\n\n${text}\n\n</details>`;
