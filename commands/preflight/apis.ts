import { APIS, FIRST_API } from "../../config/apis";
import { type Answer, fine, nameList, wrong } from "./answer";
import { apisOf, type Facts, unread } from "./facts";

/**
 * What the program turns the other APIs on with. Source: registry.terraform.io/providers/hashicorp/google,
 * google_project_service: "must have the Cloud Resource Manager API enabled".
 */
const FIRST = ["serviceusage", FIRST_API];

const enabling = (apis: readonly string[], project: string) =>
  `gcloud services enable ${apis.map((api) => `${api}.googleapis.com`).join(" ")} --project=${project}`;

/** Whether the APIs that the program cannot turn on are on. */
export function judgeApis(facts: Facts): Answer[] {
  const { project } = facts.settings;
  const on = apisOf(facts);
  if (on === undefined) return [unread(facts, "apis")];
  const missing = FIRST.filter((api) => !on.includes(api));
  const off = APIS.filter((api) => !on.includes(api) && !FIRST.includes(api));
  return [
    ...(missing.length > 0
      ? [
          wrong(
            `${nameList(missing)} must be on because \`up\` turns the other APIs on with them; Google may need some minutes before it accepts calls`,
            [enabling(missing, project)],
          ),
        ]
      : []),
    off.length > 0
      ? fine(`\`up\` turns on ${nameList(off)}; a new API may refuse calls for some minutes, so turn it on now`, [
          enabling(off, project),
        ])
      : fine(`the ${APIS.length} APIs of the plan are on`),
  ];
}
