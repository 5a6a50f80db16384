import { z } from "zod";
import { MOST_CERTIFICATE_DAYS, MOST_SECONDS } from "../capacity/bounds";
import { type InputProblem, problem, type Way } from "../capacity/problem";
import { MASK } from "../capacity/secrecy";
import { withoutHosts } from "./edge";
import {
  amount,
  choice,
  complaint,
  described,
  fraction,
  KEY,
  list,
  named,
  seconds,
  section,
  text,
  whole,
} from "./fields";
import { entriesOf, shown } from "./references";

/* Who is notified of alerts, the objectives of staging, and the hosts of clients. Thresholds are derived, not stated. */

/** A share of good events; more than 99.99 is no objective that Google takes. */
function percent(meaning: string, example: number) {
  const error = complaint({ must: "be from 1 to 99.99 percent", because: `it is ${meaning}`, example });
  return described(z.number({ error }).gte(1, { error }).lte(99.99, { error }), meaning, example);
}

const channel = section("one way to notify people", {
  type: choice("the kind of channel", ["email", "slack", "pagerduty", "webhook"]),
  to: text("the address, Slack channel or webhook's URL; PagerDuty has none", "platform@example.org").optional(),
  user: text("the user of a webhook's basic authentication", "netra").optional(),
});

export const monitoring = section("who is notified of what, and the objectives of staging", {
  channels: named("who is notified of an alert", KEY, "in small letters, like on-call", channel).default({}),
  saturationShare: fraction("the share of a capacity at which an alert opens", 0.8, { above: 0, atMost: 0.99 }),
  phaseSeconds: seconds("the longest a start-up phase may take at the 95th percentile", 45, 1),
  certificateDays: whole(
    "how long before its end a certificate must have been renewed",
    "days",
    14,
    1,
    MOST_CERTIFICATE_DAYS,
  ),
  objectives: section("what clients may expect", {
    availabilityPercent: percent("the share of requests that are answered, over 30 days", 99.5),
    requestSeconds: amount("how long a request may take", "seconds", 2, { min: 0.001, max: MOST_SECONDS }),
    requestPercent: percent("the share of requests that are as fast, over 7 days", 95),
  }),
  disabled: section("present where nothing is monitored", {
    reason: text("why, and who decided it", "a copy of staging for one afternoon (#1403)"),
  }).optional(),
});

// The last part has a letter first: an address is no host that could have a certificate.
const HOST = /^(?=.{4,253}$)([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

export const hosts = named(
  "the hosts that clients use, by the service behind them",
  KEY,
  "as the service under 'netra:services'",
  list(
    "the service's hosts",
    text("a host", "another.staging.netrasystems.ai", HOST, "be a host name in small letters"),
    "api.staging.netrasystems.ai",
  ),
);

/** Tokens by channel. Pulumi hands them to the program apart from this, as secrets. */
export const channelTokens = named(
  "the channels' tokens, keys and passwords, encrypted",
  KEY,
  "as the channel under 'netra:monitoring.channels'",
  z.literal(MASK, {
    error: complaint({
      must: "be encrypted",
      because: "the stack file is public to all who read the repository",
      example: "a new token with `pulumi config set --secret --path`",
    }),
  }),
);

/** What each kind of channel needs beside its type. */
const KINDS: Readonly<
  Record<
    string,
    {
      readonly to?: { readonly form: RegExp; readonly meaning: string; readonly example: string };
      readonly user?: true;
      readonly token?: string;
    }
  >
> = {
  email: { to: { form: /^[^@\s]+@[^@\s]+\.[^@\s]+$/, meaning: "an address", example: "platform@example.org" } },
  slack: { to: { form: /^#\S+$/, meaning: "a channel", example: "'#staging-alerts'" }, token: "the app's OAuth token" },
  pagerduty: { token: "the integration key" },
  webhook: {
    to: {
      form: /^https:\/\/[^\s?#@]+$/,
      meaning: "an https URL without user and query",
      example: "https://hooks.example.org/staging",
    },
    user: true,
    token: "the user's password",
  },
};

/** Problems: incomplete channels, hosts without a service, and an environment without notification. */
export function monitoringProblems(own: Readonly<Record<string, unknown>>): InputProblem[] {
  const [monitored] = entriesOf({ monitoring: own.monitoring });
  const channels = entriesOf(monitored?.[1].channels);
  const tokens = entriesOf(own.channelTokens, true).map(([name]) => name);
  const unwatched = monitored && channels.length === 0 && monitored[1].disabled === undefined;
  return [
    ...(unwatched
      ? [
          problem({
            setting: "netra:monitoring.channels",
            must: "have at least one channel",
            because: "an alert without a channel notifies nobody",
            ways: [[["netra:monitoring.channels", { "on-call": { type: "email", to: "platform@example.org" } }]]],
            otherwise: "set 'netra:monitoring.disabled' to { reason: ... }",
          }),
        ]
      : []),
    ...channels.flatMap(([name, settings]) => channelProblems(name, settings, tokens)),
    ...tokens
      .filter((token) => !channels.some(([name]) => name === token))
      .map((token) => removed(`netra:channelTokens.${token}`, "be the token of a channel", "nothing else reads it")),
    ...hostProblems(own),
  ];
}

function channelProblems(name: string, settings: Record<string, unknown>, tokens: readonly string[]): InputProblem[] {
  const kind =
    typeof settings.type === "string" && Object.hasOwn(KINDS, settings.type) ? KINDS[settings.type] : undefined;
  if (!kind) return [];
  const path = `netra:monitoring.channels.${name}`;
  const { to } = settings;
  const isWanted = kind.to ? typeof to === "string" && kind.to.form.test(to) : to === undefined;
  return [
    ...(isWanted
      ? []
      : // A webhook's URL may carry a token: it is not shown.
        [
          problem({
            setting: `${path}.to`,
            must: kind.to ? `be ${kind.to.meaning} like ${kind.to.example}` : "be left out",
            because: `the channel is of type ${settings.type}`,
            ways: [[[`${path}.to`, kind.to ? kind.to.example.replaceAll("'", "") : null]]],
          }),
        ]),
    ...((settings.user !== undefined) === (kind.user ?? false)
      ? []
      : [
          problem({
            setting: `${path}.user`,
            must: `be ${kind.user ? "stated" : "left out"}`,
            because: `the channel is of type ${settings.type}`,
            ways: [[[`${path}.user`, kind.user ? "netra" : null]]],
          }),
        ]),
    ...(tokens.includes(name) === (kind.token !== undefined)
      ? []
      : [
          kind.token
            ? problem({
                setting: `netra:channelTokens.${name}`,
                must: `be ${kind.token}`,
                because: `a channel of type ${settings.type} is nothing without it`,
                instead: `run \`pulumi config set --secret --path 'netra:channelTokens.${name}'\``,
              })
            : removed(`netra:channelTokens.${name}`, "not be set", `a channel of type ${settings.type} has no secret`),
        ]),
  ];
}

function hostProblems(own: Readonly<Record<string, unknown>>): InputProblem[] {
  const { hosts: byService, services } = own;
  const known = entriesOf(services, true).map(([key]) => key);
  const stated = entriesOf(byService, true).flatMap(([key, names]) =>
    Array.isArray(names) ? names.map((host: unknown, i) => ({ key, host, setting: `netra:hosts.${key}[${i}]` })) : [],
  );
  return [
    // Without any service, that is the problem.
    ...entriesOf(byService, true)
      .filter(([key]) => known.length > 0 && !known.includes(key))
      .map(([key]) =>
        problem({
          setting: `netra:hosts.${key}`,
          must: "be a service under 'netra:services'",
          because: "it answers for the hosts",
          ways: [goneHosts(own, key)],
          otherwise: `rename it to one of ${known.join(", ")}`,
        }),
      ),
    ...stated
      .filter(({ host }, i) => stated.findIndex((other) => other.host === host) < i)
      .map(({ host, setting }) =>
        removed(setting, "be one service's host only", "a host leads to one service", shown(host)),
      ),
  ];
}

/** Removes a service's hosts, and takes them off the certificates. */
function goneHosts({ hosts, edge }: Readonly<Record<string, unknown>>, key: string): Way {
  const gone = entriesOf(hosts, true).flatMap(([service, names]) =>
    service === key && Array.isArray(names) ? (names as unknown[]) : [],
  );
  const [stated] = entriesOf({ edge });
  const lists = Array.isArray(stated?.[1].certificates) ? (stated[1].certificates as unknown[]) : [];
  return [[`netra:hosts.${key}`, null], ...withoutHosts(lists, gone)];
}

const removed = (setting: string, must: string, because: string, value?: string) =>
  problem({ setting, ...(value === undefined ? {} : { value }), must, because, ways: [[[setting, null]]] });
