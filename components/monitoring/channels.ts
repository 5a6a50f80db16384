import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import type { Declaring } from "../monitoring";

/** Who is told. What each kind needs, `config/monitoring.ts` has checked. */
export interface Channel {
  readonly type: "email" | "slack" | "pagerduty" | "webhook";
  readonly to?: string | undefined;
  readonly user?: string | undefined;
}

type Shape = (
  channel: Channel,
  token: pulumi.Output<string>,
) => Pick<gcp.monitoring.NotificationChannelArgs, "type" | "labels" | "sensitiveLabels">;

/**
 * Source: registry documentation of gcp.monitoring.NotificationChannel 9.37; `gcloud beta monitoring
 * channel-descriptors list`.
 */
const SHAPES: Readonly<Record<Channel["type"], Shape>> = {
  email: ({ to = "" }) => ({ type: "email", labels: { email_address: to } }),
  slack: ({ to = "" }, authToken) => ({ type: "slack", labels: { channel_name: to }, sensitiveLabels: { authToken } }),
  pagerduty: (_, serviceKey) => ({ type: "pagerduty", sensitiveLabels: { serviceKey } }),
  webhook: ({ to = "", user = "" }, password) => ({
    type: "webhook_basicauth",
    labels: { url: to, username: user },
    sensitiveLabels: { password },
  }),
};

export function declareChannels(
  channels: Readonly<Record<string, Channel>>,
  tokens: pulumi.Output<Readonly<Record<string, string>>>,
  { parent, labels, waitsFor }: Declaring,
): gcp.monitoring.NotificationChannel[] {
  return Object.entries(channels).map(([name, channel]) => {
    const token = pulumi.secret(tokens.apply((all) => all[name] ?? ""));
    return new gcp.monitoring.NotificationChannel(
      name,
      { displayName: name, ...SHAPES[channel.type](channel, token), userLabels: { ...labels } },
      { parent, dependsOn: [...waitsFor] },
    );
  });
}
