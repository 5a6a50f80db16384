import { expect, test } from "vitest";
import { drift, readDiagnosis } from "../../../commands/pipeline/drift";
import { CONNECTOR, SECRET_VERSION } from "../../../config/resource-types";
import { readPreview } from "../../../engine/preview";
import { digest, type TestPreview } from "../guard/previews";

const of = (refresh: TestPreview, diagnosis: object = { findings: [], questions: [] }) => {
  const read = readDiagnosis(JSON.stringify(diagnosis));
  if (!read) throw new Error("no diagnosis");
  return drift("staging", readPreview(digest(refresh), "refresh.json"), read);
};

const finding = {
  stage: "database",
  rules: ["database-max-connections"],
  questions: ["maxConnections"],
  resource: "staging-shared-postgres",
  evidence: [{ field: "settings.databaseFlags[max_connections]", value: "50" }],
  consequences: ["it holds too few"],
  mend: ["gcloud sql instances patch staging-shared-postgres"],
};

test("nothing changed and nothing found is clean, also where a question stays open", () => {
  const open = {
    findings: [],
    questions: [{ question: "Is the region healthy?", open: [{ missing: "the incident feed", answeredBy: "x" }] }],
  };
  const { clean, title, body } = of(
    {
      steps: [
        { op: "same", type: CONNECTOR },
        { op: "refresh", type: CONNECTOR },
      ],
    },
    open,
  );
  expect({ clean, title }).toEqual({ clean: true, title: "staging: no drift" });
  expect(body).toContain("## Open\n\n- Is the region healthy?: the incident feed\n");
});

test("reports what changed by resource and property, without any value of the state", () => {
  const { clean, title, body } = of({
    steps: [
      {
        op: "update",
        type: SECRET_VERSION,
        name: "key",
        old: { secretData: "old value" },
        new: { secretData: "new value" },
        changed: ["secretData", "enabled"],
      },
      { op: "delete", type: CONNECTOR, name: "connector", old: {} },
    ],
  });
  expect({ clean, title }).toEqual({ clean: false, title: "staging has drifted: 2 resources changed" });
  expect(body).toContain("| connector | is gone                     |\n| key       | update: secretData, enabled |\n");
  expect(body).not.toContain("value");
});

test("a change that the refresh counts and does not name is one all the same", () => {
  const steps = [{ op: "refresh", urn: "urn:pulumi:staging::netra::gcp:redis/instance:Instance::staging-redis" }];
  const refresh = readPreview(JSON.stringify({ steps, changeSummary: { same: 3, update: 1 } }), "refresh.json");
  const { clean, title, body } = drift("staging", refresh, { findings: [], questions: [] });
  expect({ clean, title }).toEqual({ clean: false, title: "staging has drifted: 1 resource changed" });
  expect(body).toContain(
    "| 1 other  | the engine names neither resource nor property: run `pulumi refresh --preview-only --diff` |\n",
  );
});

test("reports findings and failures with their fix", () => {
  const { title, body } = of(
    {
      errors: [{ message: "no changes were expected for refresh but changes were proposed" }, { message: "quota <b>" }],
    },
    { findings: [finding], questions: [] },
  );
  // The engine's last words, "preview failed", are no question of their own.
  expect(title).toBe("staging has drifted: 1 finding, 1 failed check");
  expect(body).toContain("## The refresh failed\n\n- quota &lt;b&gt;\n");
  expect(body).toContain(
    "- **staging-shared-postgres** (database; database-max-connections): settings.databaseFlags\\[max\\_connections\\] = 50\n  - it holds too few\n  - mend: gcloud sql instances patch staging-shared-postgres\n",
  );
});

test("reports a refresh that failed without another message", () => {
  const { clean, body } = of({ errors: [{ message: "preview failed" }] });
  expect(clean).toBe(false);
  expect(body).toContain("## The refresh failed\n\n- preview failed\n");
});

test("a diagnosis that could not be made opens the issue, too", () => {
  expect(
    of(
      { steps: [{ op: "same", type: CONNECTOR }] },
      { ok: false, problems: [{ setting: "x", message: "'x' must be y" }] },
    ),
  ).toMatchObject({
    clean: false,
    title: "staging has drifted: 1 failed check",
    body: expect.stringContaining("## The diagnosis failed\n\n- 'x' must be y\n"),
  });
});

test("anything else is no diagnosis", () => {
  expect(readDiagnosis("no JSON")).toBeUndefined();
  expect(readDiagnosis('{"findings": 1}')).toBeUndefined();
});
