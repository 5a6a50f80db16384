import { z } from "zod";
import { masked } from "../../capacity/secrecy";
import { changing, PREVIEW_FAILED, type Preview } from "../../engine/preview";
import { table } from "../../report/table";
import { list, literal, withinLimit } from "./format";

/** Identifies the issue about drift. */
export const DRIFT_MARKER = "<!-- netra-staging: drift -->";

const text = z.string().transform(literal);

/** The output of `diagnose --json`, as far as the issue shows it. */
const diagnosisSchema = z.object({
  findings: z.array(
    z.object({
      stage: text,
      rules: z.array(text),
      resource: text,
      evidence: z.array(z.object({ field: text, value: text })),
      consequences: z.array(text),
      mend: z.array(text),
    }),
  ),
  questions: z.array(z.object({ question: text, open: z.array(z.object({ missing: text })) })),
});
const problemsSchema = z.object({ problems: z.array(z.object({ message: text })) });

export type Diagnosis = z.output<typeof diagnosisSchema> | { readonly problems: readonly string[] };

/** Reads the output of `diagnose --json`; `undefined` if the content is something else. */
export function readDiagnosis(content: string): Diagnosis | undefined {
  let value: unknown;
  try {
    value = masked(JSON.parse(content));
  } catch {
    return undefined;
  }
  const { data } = problemsSchema.safeParse(value);
  return diagnosisSchema.safeParse(value).data ?? (data && { problems: data.problems.map(({ message }) => message) });
}

/** The differences of the cloud from state and plan. */
export interface Drift {
  readonly clean: boolean;
  readonly title: string;
  /** The text: names, property paths and findings, but no values of the state. */
  readonly body: string;
}

/** Combines a refresh and a diagnosis. Open questions alone open no issue, because it would return every day. */
export function drift(
  stack: string,
  refresh: Pick<Preview, "steps" | "errors" | "changes">,
  diagnosis: Diagnosis,
): Drift {
  const findings = "findings" in diagnosis ? diagnosis.findings : [];
  const problems = "problems" in diagnosis ? diagnosis.problems : [];
  const errors = refresh.errors.filter(
    ({ message }) =>
      !/^no changes were expected/.test(message) && (message !== PREVIEW_FAILED || refresh.errors.length === 1),
  );
  // If the provider names no property, the engine only counts the change.
  const changed = Object.values(changing(refresh.changes)).reduce((sum, count) => sum + count, 0);
  const unnamed = Math.max(0, changed - refresh.steps.length);
  const clean = refresh.steps.length + unnamed + errors.length + findings.length + problems.length === 0;
  const counts = [
    counted(refresh.steps.length + unnamed, "resource changed", "resources changed"),
    counted(findings.length, "finding", "findings"),
    counted(errors.length + problems.length, "failed check", "failed checks"),
  ].filter((count) => count !== "");
  const title = clean ? `${stack}: no drift` : `${stack} has drifted: ${counts.join(", ")}`;
  const steps = refresh.steps
    .map(({ name, op, changed }) => [
      literal(name),
      op === "delete" ? "is gone" : `${op}: ${literal(changed.join(", ") || "(the engine names no property)")}`,
    ])
    .toSorted(([one = ""], [other = ""]) => (one < other ? -1 : 1))
    .concat(
      unnamed > 0
        ? [
            [
              counted(unnamed, "other", "others"),
              "the engine names neither resource nor property: run `pulumi refresh --preview-only --diff`",
            ],
          ]
        : [],
    );
  return {
    clean,
    title,
    body: withinLimit([
      {
        title: "the title",
        text: `${DRIFT_MARKER}\n\nEvery run of the workflow \`drift\` updates this issue; the first that finds nothing closes it.`,
      },
      section(
        "Differences between state and cloud",
        steps.length > 0 ? `${table([["resource", "what"], ...steps])}\n\n${WAYS}` : "",
      ),
      section("The refresh failed", list(errors.map(({ message }) => literal(message)))),
      section("What `npm run diagnose` finds", list(findings.map(findingLine))),
      section("The diagnosis failed", list(problems)),
      section(
        "Open",
        list(
          "questions" in diagnosis
            ? diagnosis.questions.flatMap(({ question, open }) => open.map(({ missing }) => `${question}: ${missing}`))
            : [],
        ),
      ),
    ]),
  };
}

const WAYS =
  "`npm run up` restores what the program declares. To keep a change, write it into the stack file first. A preview with `--refresh` shows what an `up` would do; plain `npm run preview` compares with the state only.";

function findingLine({
  stage,
  rules,
  resource,
  evidence,
  consequences,
  mend,
}: z.output<typeof diagnosisSchema>["findings"][number]): string {
  const shown = evidence.map(({ field, value }) => `${field} = ${value}`).join(", ");
  return [
    `**${resource || "the stack"}** (${stage}; ${rules.join(", ")}): ${shown}`,
    ...consequences.map((line) => `  - ${line}`),
    ...mend.map((line) => `  - mend: ${line}`),
  ].join("\n");
}

const section = (title: string, content: string) => ({
  title,
  text: content === "" ? "" : `## ${title}\n\n${content}`,
});
const counted = (count: number, one: string, more: string) =>
  count === 0 ? "" : `${count} ${count === 1 ? one : more}`;
