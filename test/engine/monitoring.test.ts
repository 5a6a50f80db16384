import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { judge } from "../../commands/guard/judge";
import { readPreview } from "../../engine/preview";
import { stagingConfiguration } from "../stack-settings";
import { Environment, PACK } from "./environment";
import { findingsIn } from "./findings";

/* A channel with a token, from the encrypted stack file to the cloud; and what becomes of it all when monitoring is turned off. */

const CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel";
const ALERT = "gcp:monitoring/alertPolicy:AlertPolicy";
const TOKEN = "xoxb-0123456789-nobody-may-read-this";

let environment: Environment;
const printed: string[] = [];
beforeAll(async () => {
  environment = await Environment.ofStaging({
    "netra:monitoring": { channels: { chat: { type: "slack", to: "#staging-alerts" } } },
  });
});
afterAll(() => environment?.remove());

test("a Slack channel without its token is refused, with the command that sets it", async () => {
  const { code, stdout, stderr } = await environment.preview();
  expect(code).toBe(1);
  expect(stdout + stderr).toContain(
    "'netra:channelTokens.chat' must be the app's OAuth token because a channel of type slack is nothing without it; run `pulumi config set --secret --path 'netra:channelTokens.chat'`",
  );
});

test("that command encrypts it, and it reaches the cloud and nothing else", async () => {
  expect(
    await environment.run(["config", "set", "--secret", "--path", "netra:channelTokens.chat", TOKEN]),
  ).toMatchObject({ code: 0 });
  const { code, stdout, stderr } = await environment.up("--policy-pack", PACK);
  expect(code, stdout).toBe(0);
  expect(findingsIn(stdout)).toEqual([]);
  printed.push(stdout, stderr, (await environment.preview("--json")).stdout);
  const channels = environment.cloud.ofType(CHANNEL).map(({ properties }) => properties.sensitiveLabels);
  expect(channels).toContainEqual({ authToken: TOKEN });
  const told = environment.cloud.ofType(ALERT).map(({ properties }) => properties.notificationChannels);
  expect(told.every((ids) => Array.isArray(ids) && ids.length === 2)).toBe(true);
  const stackFile = readFileSync(join(environment.project, "Pulumi.staging.yaml"), "utf8");
  for (const text of [await environment.state(), stackFile, ...printed]) expect(text).not.toContain(TOKEN);
});

test("turned off with a reason: every alert goes, guard says so without refusing, and the pack has one advisory", async () => {
  environment.configure(
    stagingConfiguration({ "netra:monitoring": { disabled: { reason: "one afternoon (#1403)" } } }),
  );
  const preview = await environment.preview("--json");
  const { ok, refused, announced } = judge(readPreview(preview.stdout, "preview", "staging"));
  expect({ ok, refused }).toEqual({ ok: true, refused: [] });
  const alerts = environment.cloud.ofType(ALERT).length;
  expect(alerts).toBeGreaterThan(30);
  expect(announced.filter(({ type, change }) => type === ALERT && change === "delete")).toHaveLength(alerts);

  const { code, stdout } = await environment.up("--policy-pack", PACK);
  expect(code, stdout).toBe(0);
  expect(findingsIn(stdout)).toEqual([
    {
      rule: "capacity-alerts",
      resource: "monitoring",
      level: "advisory",
      message:
        "waived: one afternoon (#1403)\n'netra:monitoring.disabled' must not be set because nobody is notified when the capacity of staging-connector, staging-shared-postgres, netra-auth-service, netra-backend-staging, netra-frontend-staging runs out; remove it",
    },
  ]);
  expect(environment.cloud.all().filter(({ type }) => /^gcp:(monitoring|logging)\//.test(type))).toEqual([]);
});
