import { describe, expect, test } from "vitest";
import { type Finding, finding } from "../../../commands/diagnose/findings";
import { openPart } from "../../../commands/diagnose/open-part";
import type { Question } from "../../../commands/diagnose/questions";
import { QUESTIONS, type QuestionKey } from "../../../commands/diagnose/triage";
import { type PrintedCommand, verdictOn } from "../../../commands/diagnose/verdict";
import { settings } from "./fixtures";

/** Every question answered, except for the open ones. */
const questions = (...open: readonly QuestionKey[]): Question[] =>
  // The keys are those of QUESTIONS.
  (Object.keys(QUESTIONS) as QuestionKey[]).map((key) => ({
    key,
    question: QUESTIONS[key],
    status: open.includes(key) ? "open" : "healthy",
    answer: "",
    open: open.includes(key) ? [openPart("jobs", { why: "no file shows any" }, { command: `read ${key}` })] : [],
  }));

const found = (rule: string, more: Partial<Finding> = {}): Finding => ({
  ...finding(rule, {
    resource: "netra-backend-staging",
    evidence: [{ field: "a.b", value: "1" }],
    consequences: [],
    mend: [],
  }),
  ...more,
});

const command = (line: string): PrintedCommand => ({ command: line, cost: [], mends: [0] });

const verdict = (findings: readonly Finding[], open: readonly QuestionKey[] = [], commands: readonly string[] = []) => {
  const { commands: shown, ...rest } = verdictOn({
    settings,
    deployed: [],
    findings,
    questions: questions(...open),
    commands: commands.map(command),
  });
  return { ...rest, commands: shown.map((one) => one.command) };
};

describe("DOWN", () => {
  test("before everything that is open or may fail later, with the names of the stack file", () => {
    const findings = [found("connection-budget"), found("not-ready"), found("secret-version", { resource: "job" })];
    expect(verdict(findings, ["path"], ["one"])).toEqual({
      state: "DOWN",
      text: "backend cannot serve (a.b = 1); job cannot start (a.b = 1).",
      commands: ["one"],
      moreCommands: 0,
    });
  });

  test("has the first three commands, and reports that there are more", () => {
    expect(verdict([found("not-ready")], [], ["1", "2", "3", "4", "5"])).toMatchObject({
      commands: ["1", "2", "3"],
      moreCommands: 2,
    });
  });

  test("has the command that shows the cause where nothing fixes it, and `up` where that does", () => {
    const failing = found("not-ready", { inspection: "read its log" });
    expect(verdict([failing]).commands).toEqual(["read its log"]);
    expect(verdict([failing, found("absent", { mendedByUp: true })]).commands).toEqual(["npm run up"]);
  });

  test("names two faults and counts the others", () => {
    const rules = ["not-ready", "secret-version", "jwt-taken", "service-probes"];
    expect(verdict(rules.map((rule) => found(rule))).text).toBe(
      "backend cannot serve (a.b = 1); backend cannot start (a.b = 1); 2 more above.",
    );
  });
});

describe("AT RISK", () => {
  test("names the heaviest finding, and what is open beside it", () => {
    const findings = [found("startup-storm"), found("connection-budget"), found("redis-auth")];
    expect(verdict(findings, ["region"], ["one"])).toEqual({
      state: "AT RISK",
      text: "it can start, but backend: a.b = 1 (startup-storm), and 1 more kind of finding; not answered: region.",
      commands: ["one"],
      moreCommands: 0,
    });
  });

  test("rolls nothing out during an incident at Google", () => {
    expect(verdict([found("regional-incident"), found("connection-budget")], [], ["one"])).toMatchObject({
      state: "AT RISK",
      commands: [],
    });
  });

  test("is also what hygiene alone is", () => {
    expect(verdict([found("redis-auth", { mendedByUp: true })])).toMatchObject({
      state: "AT RISK",
      commands: ["npm run up"],
    });
  });
});

describe("UNKNOWN", () => {
  test("where an open question could show that it is down, whatever else may fail later", () => {
    expect(verdict([found("connection-budget")], ["budget", "path"], ["one"])).toEqual({
      state: "UNKNOWN",
      text: "whether it works cannot be judged: 2 of 13 questions are open (jobs: no file shows any).",
      commands: ["read path", "read budget"],
      moreCommands: 0,
    });
  });

  test("where nothing is wrong and a question is open that decides nothing", () => {
    expect(verdict([], ["region"])).toEqual({
      state: "UNKNOWN",
      text: "nothing is wrong in what was read, but 1 of 13 questions is open: region (jobs: no file shows any).",
      commands: ["read region"],
      moreCommands: 0,
    });
  });
});

test("SOUND needs an answer to every question and no finding", () => {
  expect(verdict([])).toEqual({
    state: "SOUND",
    text: "it can start. All 13 questions are answered, and nothing is wrong.",
    commands: [],
    moreCommands: 0,
  });
});
