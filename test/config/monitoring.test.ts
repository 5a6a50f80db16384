import { describe, expect, test } from "vitest";
import { type Changes, configurationProblems, stagingConfiguration, stagingSettings } from "../stack-settings";

const problems = (changes: Changes) => configurationProblems(stagingConfiguration(changes));
const channel = (settings: Changes, token?: unknown): Changes => ({
  "netra:monitoring": { channels: { told: settings } },
  ...(token === undefined ? {} : { "netra:channelTokens": { told: token } }),
});

test("reads the recipients, the objectives and the hosts", () => {
  const { monitoring, hosts, channelTokens } = stagingSettings();
  expect(monitoring).toEqual({
    channels: { platform: { type: "email", to: "platform@netrasystems.ai" } },
    saturationShare: 0.8,
    phaseSeconds: 45,
    certificateDays: 14,
    objectives: { availabilityPercent: 99.5, requestSeconds: 2, requestPercent: 95 },
  });
  expect(hosts).toEqual({
    auth: ["auth.staging.netrasystems.ai"],
    backend: ["api.staging.netrasystems.ai"],
    frontend: ["app.staging.netrasystems.ai", "staging.netrasystems.ai"],
  });
  expect(channelTokens).toEqual({});
});

test("refuses a stack without recipients, with one error", () => {
  const unwatched =
    "'netra:monitoring.channels' must have at least one channel because an alert without a channel notifies nobody; set 'netra:monitoring.channels' to { on-call: { type: email, to: platform@example.org } }, or set 'netra:monitoring.disabled' to { reason: ... }";
  expect(problems({ "netra:monitoring": { channels: undefined } })).toEqual([unwatched]);
  expect(problems({ "netra:monitoring": { channels: { platform: undefined } } })).toEqual([unwatched]);
  expect(
    problems({ "netra:monitoring": { channels: undefined, disabled: { reason: "one afternoon (#1403)" } } }),
  ).toEqual([]);
});

test("refuses to be turned off without a reason", () => {
  expect(problems({ "netra:monitoring": { disabled: {} } })).toEqual([
    expect.stringMatching(
      /^'netra:monitoring\.disabled\.reason' \(not set\) must .+ because it is why, and who decided it; set /,
    ),
  ]);
  expect(problems({ "netra:monitoring": { disabled: { reason: " " } } })).toHaveLength(1);
});

describe("a channel", () => {
  test.each<[string, Changes, unknown]>([
    ["by e-mail", { type: "email", to: "on-call@example.org" }, undefined],
    ["in Slack", { type: "slack", to: "#staging-alerts" }, "[secret]"],
    ["of PagerDuty", { type: "pagerduty" }, "[secret]"],
    ["to a webhook", { type: "webhook", to: "https://hooks.example.org/staging", user: "netra" }, "[secret]"],
  ])("%s has what it needs", (_, settings, token) => {
    expect(problems(channel(settings, token))).toEqual([]);
  });

  test("of another kind is refused with those there are", () => {
    expect(problems(channel({ type: "sms", to: "+49 30 1234" }))).toEqual([
      "'netra:monitoring.channels.told.type' (sms) must be one of email, slack, pagerduty, webhook because it is the kind of channel; set 'netra:monitoring.channels.told.type' to email",
    ]);
  });

  test.each<[string, Changes]>([
    ["Slack", { type: "slack", to: "#staging-alerts" }],
    ["PagerDuty", { type: "pagerduty" }],
    ["a webhook", { type: "webhook", to: "https://hooks.example.org/staging", user: "netra" }],
  ])("of %s without its token is refused, with the command that sets it", (_, settings) => {
    expect(problems(channel(settings))).toEqual([
      expect.stringMatching(
        /^'netra:channelTokens\.told' must be .+ because a channel of type \w+ is nothing without it; run `pulumi config set --secret --path 'netra:channelTokens\.told'`$/,
      ),
    ]);
  });

  test.each<[string, Changes, unknown, string]>([
    [
      "an e-mail address that is none",
      { type: "email", to: "platform" },
      undefined,
      "to' must be an address like platform@example.org",
    ],
    ["an e-mail without an address", { type: "email" }, undefined, "to' must be an address like platform@example.org"],
    [
      "a Slack channel without #",
      { type: "slack", to: "alerts" },
      "[secret]",
      "to' must be a channel like '#staging-alerts'",
    ],
    ["PagerDuty with an address", { type: "pagerduty", to: "me@example.org" }, "[secret]", "to' must be left out"],
    [
      "a webhook in clear",
      { type: "webhook", to: "http://h.example.org", user: "n" },
      "[secret]",
      "to' must be an https URL without user and query",
    ],
    ["a webhook without a user", { type: "webhook", to: "https://h.example.org" }, "[secret]", "user' must be stated"],
    ["an e-mail with a user", { type: "email", to: "a@example.org", user: "n" }, undefined, "user' must be left out"],
    [
      "an e-mail with a token",
      { type: "email", to: "a@example.org" },
      "[secret]",
      "channelTokens.told' must not be set",
    ],
  ])("refuses %s", (_, settings, token, says) => {
    expect(problems(channel(settings, token))).toEqual([expect.stringContaining(says)]);
  });

  test("refuses a token that no channel reads, and one that is not encrypted; neither is shown", () => {
    expect(problems({ "netra:channelTokens": { nobody: "[secret]" } })).toEqual([
      "'netra:channelTokens.nobody' must be the token of a channel because nothing else reads it; remove it",
    ]);
    expect(problems(channel({ type: "slack", to: "#a" }, "xoxb-in-plain-text"))).toEqual([
      "'netra:channelTokens.told' (not shown) must be encrypted because the stack file is public to all who read the repository; set 'netra:channelTokens.told' to a new token with `pulumi config set --secret --path`",
    ]);
    for (const misplaced of [
      channel({ type: "slack", to: "#a", token: "xoxb-in-plain-text" }, "[secret]"),
      channel({ type: "webhook", to: "https://hooks.example.org/?token=xoxb-in-plain-text", user: "n" }, "[secret]"),
      { "netra:channelTokens": "xoxb-in-plain-text" },
      { "netra:channelTokens": ["xoxb-in-plain-text"] },
    ]) {
      const said = problems(misplaced);
      expect(said).not.toEqual([]);
      expect(said.join()).not.toContain("xoxb");
    }
  });
});

test("refuses targets that are none", () => {
  const said = problems({
    "netra:monitoring": {
      saturationShare: 80,
      phaseSeconds: 0,
      certificateDays: 0,
      objectives: { availabilityPercent: 100, requestSeconds: 0, requestPercent: 0.95 },
    },
  });
  expect(said.map((message) => message.split("'")[1])).toEqual([
    "netra:monitoring.saturationShare",
    "netra:monitoring.phaseSeconds",
    "netra:monitoring.certificateDays",
    "netra:monitoring.objectives.availabilityPercent",
    "netra:monitoring.objectives.requestSeconds",
    "netra:monitoring.objectives.requestPercent",
  ]);
  expect(said[3]).toBe(
    "'netra:monitoring.objectives.availabilityPercent' (100) must be from 1 to 99.99 percent because it is the share of requests that are answered, over 30 days; set 'netra:monitoring.objectives.availabilityPercent' to 99.5",
  );
});

test("refuses hosts without a service, of two services, and that are no host names", () => {
  const hosts = (changes: Changes) => problems({ "netra:edge": undefined, "netra:hosts": changes });
  expect(hosts({ analytics: ["analytics.staging.netrasystems.ai"] })).toEqual([
    "'netra:hosts.analytics' must be a service under 'netra:services' because it answers for the hosts; remove it, or rename it to one of auth, backend, frontend",
  ]);
  expect(hosts({ auth: ["api.staging.netrasystems.ai"] })).toEqual([
    "'netra:hosts.backend[0]' (api.staging.netrasystems.ai) must be one service's host only because a host leads to one service; remove it",
  ]);
  for (const host of ["https://api.example.org", "API.example.org", "api", "api.example.org/health"])
    expect(hosts({ auth: [host] })).toEqual([
      expect.stringContaining(`'netra:hosts.auth[0]' (${host}) must be a host name in small letters`),
    ]);
});
