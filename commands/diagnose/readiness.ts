import type { Settings } from "../../config/schema";
import type { Deployed } from "../shared/cloud/deployed";
import { collectingLine, filledIn, type Location, type Source } from "../shared/cloud/sources";
import { redeployLine } from "../up/failed-revisions";
import { type RemediableFinding, remediableFinding } from "./findings";
import { alwaysOn } from "./flags";
import { type OpenPart, openPart } from "./open-part";
import { repairs } from "./remedy-commands";
import { type QuestionKey, triageOf } from "./triage";

/* Whether deployed resources work, by the state that Google reports. */

/** This command's rule for a source. */
const ruleOf = (source: Source): string =>
  // a key that may be none of the two
  ({ instances: "not-running", connectors: "connector-not-ready" })[source as string] ?? "not-ready";

/** Commands that show why a resource does not work. */
const INSPECTION_COMMANDS: { readonly [Key in Source]?: string } = {
  services: "gcloud run services logs read NAME --project=PROJECT --region=REGION --limit=100",
  instances: "gcloud sql operations list --instance=NAME --project=PROJECT --limit=5",
  connectors: "gcloud compute networks vpc-access operations list --project=PROJECT --region=REGION",
  caches: "gcloud redis operations list --project=PROJECT --region=REGION",
};

/** The command that shows why a resource does not work. */
export const inspectionCommand = ({ source, name }: Pick<Deployed, "source" | "name">, location: Location): string =>
  filledIn(INSPECTION_COMMANDS[source] ?? "", location).replace("NAME", name);

/** Resources that do not work. */
export function unreadyFindings(
  deployed: readonly Deployed[],
  { project, region, services }: Location & Pick<Settings, "services">,
): RemediableFinding[] {
  return deployed.flatMap((one): RemediableFinding[] => {
    if (one.unready?.value === undefined) return [];
    const { field, value, message } = one.unready;
    const [key] =
      Object.entries(services).find(
        ([, { name }]) => one.unready?.failedRevision !== undefined && name === one.label,
      ) ?? [];
    const at = { project, region: one.region ?? region };
    return [
      remediableFinding(ruleOf(one.source), {
        resource: one.label,
        evidence: [{ field, value }],
        consequences: [
          message === ""
            ? "must be ready because nothing that depends on it works until then"
            : `must be ready; Google reports: ${message.split("\n")[0]?.slice(0, 300)}`,
        ],
        inspection: inspectionCommand(one, at),
        mend: [
          inspectionCommand(one, at),
          // An update with the same template creates no new revision, even after the cause is fixed.
          ...(key === undefined ? [] : [`once the cause is fixed: \`${redeployLine([key])}\``]),
        ],
        repairs: value === "NEVER" ? repairs(one, at, [alwaysOn()]) : [],
      }),
    ];
  });
}

/** Resources of a question whose state is not shown. */
export function unknownReadiness(key: QuestionKey, deployed: readonly Deployed[], location: Location): OpenPart[] {
  return deployed.flatMap(({ source, label, unready }) =>
    unready && unready.value === undefined && triageOf(ruleOf(source)).question === key
      ? [
          openPart(
            label,
            { why: `'${unready.field}' is not shown, so its state is unknown` },
            { command: collectingLine(source, location) },
          ),
        ]
      : [],
  );
}
