import { afterAll, beforeAll, expect, test } from "vitest";
import { drift } from "../../commands/pipeline/drift";
import { readPreview } from "../../engine/preview";
import type { Properties } from "../cloud/cloud";
import { Environment } from "./environment";

/* What drift.yml asks the engine, and what becomes of the answer. */

const ASKED = ["refresh", "--stack", "staging", "--preview-only", "--expect-no-changes", "--json"];
const HEALTHY = { findings: [], questions: [] };

let environment: Environment;
beforeAll(async () => {
  environment = await Environment.ofStagingThatIsUp();
});
afterAll(() => environment?.remove());

test("a stack as it was left is clean", async () => {
  const { code, stdout } = await environment.run(ASKED);
  expect({ code, ...drift("staging", readPreview(stdout, "refresh.json", "staging"), HEALTHY) }).toMatchObject({
    code: 0,
    clean: true,
    title: "staging: no drift",
  });
});

test("what was changed and deleted by hand becomes the issue, without a secret of the state", async () => {
  change("gcp:sql/databaseInstance:DatabaseInstance", "staging-shared-postgres", ({ settings }) => {
    for (const flag of (settings as { databaseFlags: Properties[] }).databaseFlags)
      if (flag.name === "max_connections") flag.value = "50"; // as the program makes it
  });
  change("gcp:secretmanager/secretVersion:SecretVersion", "jwt-secret-staging/versions/1", (version) =>
    Object.assign(version, { secretData: "somebody else's value" }),
  );
  const { code, stdout } = await environment.run(ASKED);
  expect(code).toBe(7);
  const { clean, title, body } = drift("staging", readPreview(stdout, "refresh.json", "staging"), HEALTHY);
  expect({ clean, title }).toEqual({ clean: false, title: "staging has drifted: 2 resources changed" });
  expect(
    body
      .split("\n")
      .filter((line) => /^\| \w/.test(line))
      .map((line) => line.replaceAll(/ +/g, " ")),
  ).toEqual([
    "| resource | what |",
    "| jwt-secret-staging-r1 | update: secretData |",
    "| staging-shared-postgres | update: settings.databaseFlags\\[0\\].value |",
  ]);
  expect(body).not.toContain("somebody else");
});

function change(type: string, endOfId: string, edit: (properties: Properties) => void): void {
  const [found] = environment.cloud.ofType(type).filter(({ id }) => id.endsWith(endOfId));
  environment.cloud.change(type, found?.id ?? "", edit);
}
