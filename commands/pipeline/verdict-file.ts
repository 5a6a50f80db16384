import { readFileSync } from "node:fs";
import { z } from "zod";
import type { ShownVerdict } from "../../report/verdict";
import { literal } from "./format";

/*
 * Reads the output of `check --json` and `guard --json` from another job. That job ran the code of a pull request, so
 * the texts are of unknown origin: each becomes literal Markdown when it is read, and nothing else is used.
 */

const text = z.string().transform(literal);
const number = z.number(); // finite: JSON has no others
const count = z.number().int();
const problem = z.object({ setting: text, message: text });

/** The longest list or table that is accepted. */
const MOST_ENTRIES = 1000;
const list = <T extends z.ZodType>(element: T) => z.array(element).max(MOST_ENTRIES);
const table = <T extends z.ZodType>(value: T) =>
  z.record(text, value).refine((entries) => Object.keys(entries).length <= MOST_ENTRIES);

const verdictSchema = z.object({
  stack: text,
  ok: z.boolean(),
  resources: list(z.object({ type: text, name: text })),
  violations: list(
    z.object({
      policy: text,
      level: z.enum(["mandatory", "advisory", "remediate", "disabled"]),
      resource: text,
      message: text,
      outcome: z.enum(["refused", "cannot-evaluate"]),
      repeats: text.exactOptional(),
    }),
  ),
  waived: list(z.object({ policy: text, resource: text, reason: text })),
  budget: z.object({
    lines: list(z.object({ label: text, instances: count, overlap: count, perInstance: count, connections: count })),
    reserved: count,
    demand: count,
    limit: count,
    headroom: count,
  }),
  checks: list(
    z.object({
      title: text,
      arithmetic: list(text),
      figures: table(number),
      problems: list(problem),
      advice: list(text).exactOptional(),
    }),
  ),
  storms: list(
    z.object({
      scenario: text,
      starts: number,
      replications: count,
      success: z.object({ mean: number, lower: number, upper: number }),
      readySeconds: z.object({ p50: number.nullable(), p95: number.nullable(), p99: number.nullable() }),
      peakConnections: number,
      refusals: number,
      timeouts: number,
      bottleneck: text,
    }),
  ),
  cost: z.object({
    usdPerMonth: number.exactOptional(),
    items: list(z.object({ item: text, usdPerMonth: number.exactOptional(), arithmetic: text })),
  }),
});

const problemsSchema = z.object({ ok: z.literal(false), problems: list(problem) });

const guardSchema = z.object({
  ok: z.boolean(),
  refused: list(z.object({ message: text, acknowledged: text.exactOptional() })),
  announced: list(z.object({ resource: text, change: text, effect: text, consequence: text })),
  changes: table(count),
});

/** A verdict that was read from a file; all its texts are literal Markdown. */
export type ReadVerdict = ShownVerdict & {
  readonly resources: readonly { readonly type: string; readonly name: string }[];
};

/** The output of a job: a verdict, the problems of an invalid plan, or neither. */
export type VerdictFile =
  | { readonly verdict: ReadVerdict }
  | { readonly problems: readonly string[] }
  /** Why there is no verdict. */
  | { readonly none: string };

/** The output of `guard --json`. */
export type GuardFile = z.output<typeof guardSchema>;

export function readVerdictFile(file: string): VerdictFile {
  const content = contentOf(file);
  if (content === undefined) return { none: "the run ended before it" };
  if (content === UNREADABLE) return { none: UNREADABLE };
  const verdict = verdictSchema.safeParse(content);
  if (verdict.success) return { verdict: verdict.data };
  const { data } = problemsSchema.safeParse(content);
  return data
    ? { problems: data.problems.map(({ message }) => message) }
    : { none: "`npm run check -- --json` printed no verdict" };
}

/** Reads the output of `guard --json`; `undefined` if it is missing, because a run without credentials has no preview. */
export function readGuardFile(file: string): GuardFile | { readonly problems: readonly string[] } | undefined {
  const content = contentOf(file);
  if (content === undefined) return undefined;
  if (content === UNREADABLE) return { problems: [`${UNREADABLE}; the log of the job \`preview\` shows why`] };
  return (
    guardSchema.safeParse(content).data ??
    problemsSchema
      .transform(({ problems }) => ({ problems: problems.map(({ message }) => message) }))
      .safeParse(content).data ?? { problems: ["`npm run guard -- --json` printed no verdict"] }
  );
}

/** No check prints a larger file. */
const MOST_BYTES = 16 * 2 ** 20;

/** Stands for the content of a file that is there and is no JSON. */
const UNREADABLE = "its output is there and cannot be read";

/** The JSON of a file; `undefined` if it is missing or empty, because the job ended early. */
function contentOf(file: string): unknown {
  try {
    const bytes = readFileSync(file);
    if (bytes.toString("utf8").trim() === "") return undefined;
    return bytes.length > MOST_BYTES ? UNREADABLE : JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT" ? undefined : UNREADABLE;
  }
}
