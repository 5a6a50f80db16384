import type { Settings } from "../../config/read";
import type { Deployed } from "../shared/cloud/deployed";
import { collectingLine, filledIn, type Place, type Source } from "../shared/cloud/sources";
import { redeployLine } from "../up/failed-revisions";
import { type Found, mendable } from "./findings";
import { alwaysOn } from "./flags";
import { placeOf, type QuestionKey } from "./places";
import { repairs } from "./remedy-commands";

/* Whether what is deployed works, as the cloud itself says. */

/** This command's own rules on it. */
const ruleOf = (source: Source): string =>
  // a key that may be none of the two
  ({ instances: "not-running", connectors: "connector-not-ready" })[source as string] ?? "not-ready";

/** What runs at the moment, and what has failed. */
const SHOWING: { readonly [Key in Source]?: string } = {
  services: "gcloud run services logs read NAME --project=PROJECT --region=REGION --limit=100",
  instances: "gcloud sql operations list --instance=NAME --project=PROJECT --limit=5",
  connectors: "gcloud compute networks vpc-access operations list --project=PROJECT --region=REGION",
  caches: "gcloud redis operations list --project=PROJECT --region=REGION",
};

/** The line that shows why something does not work. */
export const showingLine = ({ source, name }: Pick<Deployed, "source" | "name">, place: Place): string =>
  filledIn(SHOWING[source] ?? "", place).replace("NAME", name);

/** What does not work. */
export function unreadyFindings(
  deployed: readonly Deployed[],
  { project, region, services }: Place & Pick<Settings, "services">,
): Found[] {
  return deployed.flatMap((one): Found[] => {
    if (one.unready?.value === undefined) return [];
    const { field, value, message } = one.unready;
    const [key] =
      Object.entries(services).find(
        ([, { name }]) => one.unready?.failedRevision !== undefined && name === one.label,
      ) ?? [];
    const at = { project, region: one.region ?? region };
    return [
      mendable(ruleOf(one.source), {
        resource: one.label,
        evidence: [{ field, value }],
        consequences: [
          message === ""
            ? "must be ready because nothing that needs it can work meanwhile"
            : `must be ready; Google says: ${message.split("\n")[0]?.slice(0, 300)}`,
        ],
        mend: [
          showingLine(one, at),
          // An update with the same template makes no other revision, whatever becomes of the cause.
          ...(key === undefined ? [] : [`once its cause is mended: \`${redeployLine([key])}\``]),
        ],
        repairs: value === "NEVER" ? repairs(one, at, [alwaysOn()]) : [],
      }),
    ];
  });
}

/** What nothing says of whether it works, among what a question is about. */
export function unsaidReadiness(
  key: QuestionKey,
  deployed: readonly Deployed[],
  place: Place,
): { readonly missing: string; readonly answeredBy: string }[] {
  return deployed.flatMap(({ source, label, unready }) =>
    unready && unready.value === undefined && placeOf(ruleOf(source)).question === key
      ? [
          {
            missing: `${label}: '${unready.field}' is not shown, so whether it works is not known`,
            answeredBy: collectingLine(source, place),
          },
        ]
      : [],
  );
}
