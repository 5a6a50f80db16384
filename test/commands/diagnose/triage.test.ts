import { expect, test } from "vitest";
import { finding } from "../../../commands/diagnose/findings";
import { NOT_JUDGED, QUESTIONS, STAGES, TRIAGED, triageOf } from "../../../commands/diagnose/triage";
import { weightOf } from "../../../commands/diagnose/verdict";
import { rules } from "../../../policy/rules";

const names = rules.map(({ name }) => name);

test("what breaks first comes first: path, start, capacity, hygiene", () => {
  const ranked = names
    .toSorted((a, b) => triageOf(a).rank - triageOf(b).rank)
    .map((name) => STAGES.indexOf(triageOf(name).stage));
  expect(ranked).toEqual(ranked.toSorted());
  expect(
    ["startup-storm", "egress-path", "redis-auth", "service-containers", "jwt-one-secret"].toSorted(
      (a, b) => triageOf(a).rank - triageOf(b).rank,
    ),
  ).toEqual(["egress-path", "jwt-one-secret", "service-containers", "startup-storm", "redis-auth"]);
});

test("every rule on a database, a connector, a path or a secret answers a question of its own", () => {
  const unlisted = names.filter((name) => triageOf(name).question === "rest" && !Object.hasOwn(NOT_JUDGED, name));
  expect(unlisted).toEqual([
    "ranges-do-not-overlap",
    "redis-auth",
    "redis-version-and-size",
    "service-annotations",
    "service-concurrency",
    "service-containers",
    "service-cpu-memory",
    "service-deploy-health-check",
    "service-environment",
    "service-identity",
    "service-image",
    "service-port-8002",
    "service-timeout",
    "service-traffic",
  ]);
});

test("rules that are not judged exist, each with its reason", () => {
  // any text may be asked for
  expect(Object.keys(NOT_JUDGED).filter((name) => !names.includes(name as (typeof names)[number]))).toEqual([]);
});

test("every question is asked", () => {
  for (const question of Object.values(QUESTIONS)) expect(question).toMatch(/^[A-Z].*\?$/);
});

test("a rule of the stages path and start stops something now, except where it judges a part or the past", () => {
  const findings = TRIAGED.map((rule) => finding(rule, { resource: "x", evidence: [], consequences: [], mend: [] }));
  const risks = findings.filter((one) => ["path", "start"].includes(one.stage) && weightOf(one) !== "down");
  expect(risks.flatMap(({ rules }) => rules)).toEqual([
    "regional-incident",
    "service-environment",
    "service-containers",
    "failed-probes",
  ]);
});
