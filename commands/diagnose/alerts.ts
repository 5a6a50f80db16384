import { Inputs } from "../../policy/framework/inputs";
import type { Collection } from "../shared/cloud/classify";
import type { Deployed } from "../shared/cloud/deployed";
import { word } from "../shared/cloud/shell";
import type { Location } from "../shared/cloud/sources";
import { type RemediableFinding, remediableFinding } from "./findings";

/** An enabled alert policy with its notification channels. */
interface Notifying {
  readonly policy: Deployed;
  readonly channels: readonly string[];
  /** Channels that deliver nothing, with the field that shows it. */
  readonly silent: readonly { readonly channel: string; readonly field: string; readonly value: string }[];
}

/** A channel that is not listed may belong to another project of the metrics scope, so it counts as working. */
function notifyingPolicies(deployed: readonly Deployed[], { objects }: Collection): Notifying[] {
  const known = new Map(
    objects.flatMap(({ source, object }) => (source === "channels" ? [[String(object.name), object] as const] : [])),
  );
  return deployed
    .filter(({ source, inputs }) => source === "alerts" && inputs.enabled !== false)
    .map((policy) => {
      const channels = new Inputs(policy.inputs).texts("notificationChannels");
      const silent = channels.flatMap((channel) => {
        const { enabled, verificationStatus } = known.get(channel) ?? {};
        if (enabled === false) return [{ channel, field: "enabled", value: "false" }];
        return verificationStatus === "UNVERIFIED"
          ? [{ channel, field: "verificationStatus", value: "UNVERIFIED" }]
          : [];
      });
      return { policy, channels, silent };
    });
}

/** Alert policies that notify nobody. */
export function silentAlerts(
  deployed: readonly Deployed[],
  collection: Collection,
  { project }: Location,
): RemediableFinding[] {
  const forwarding = forwardingChannels(collection);
  return notifyingPolicies(deployed, collection)
    .filter(({ channels, silent }) => silent.length === channels.length)
    .map(({ policy: { name, id }, silent }) => {
      const off = silent.find(({ field }) => field === "enabled");
      const [channel, ...others] = forwarding;
      const line =
        off === undefined
          ? `gcloud monitoring policies update ${word(id)} --project=${project} --add-notification-channels=${word(channel ?? "")}`
          : `gcloud beta monitoring channels update ${word(off.channel)} --project=${project} --enabled`;
      // Only a person can choose among several channels.
      const isClear = off !== undefined || (channel !== undefined && others.length === 0);
      return remediableFinding("silent-alert", {
        resource: name,
        evidence:
          silent.length > 0
            ? silent.map(({ channel: silentOne, field, value }) => ({ field: `${silentOne} ${field}`, value }))
            : [{ field: "notificationChannels", value: "none" }],
        consequences: ["must have a working notification channel because nobody is notified when it opens"],
        mend: [
          silent.length > 0
            ? `verify ${silent.map((one) => one.channel).join(", ")} in the console`
            : "add a notification channel to the policy in the console",
        ],
        repairs: isClear ? [{ target: { line }, flags: [] }] : [],
      });
    });
}

/** The project's working notification channels. */
const forwardingChannels = ({ objects }: Collection): string[] =>
  objects.flatMap(({ source, object: { name, enabled, verificationStatus } }) =>
    source === "channels" && enabled !== false && verificationStatus !== "UNVERIFIED" ? [String(name)] : [],
  );

const MAX_TITLES = 3;

/** Names of the policies that notify, in one line. */
export function notifyingPolicyNames(deployed: readonly Deployed[], collection: Collection): string {
  const titles = notifyingPolicies(deployed, collection).flatMap(({ policy, channels, silent }) =>
    channels.length > silent.length ? [policy.name] : [],
  );
  if (titles.length === 0) return "";
  const more = titles.length - MAX_TITLES;
  return `alert policies that notify: ${titles.slice(0, MAX_TITLES).join("; ")}${more > 0 ? ` and ${more} more` : ""}`;
}
