import { type Answer, fine, wrong } from "./answer";
import { type Facts, isOff, theOnly } from "./facts";
import { accessPolicy, projectInfo } from "./schemas";

/** A service account that Google manages in the project. */
interface ServiceAgent {
  readonly api: string;
  readonly account: (projectNumber: string) => string;
  readonly role: string;
  /** Completes "because". */
  readonly because: string;
  readonly source: string;
}

const AGENTS: readonly ServiceAgent[] = [
  {
    api: "run",
    account: (number) => `service-${number}@serverless-robot-prod.iam.gserviceaccount.com`,
    role: "roles/run.serviceAgent",
    because: "Cloud Run pulls images and starts instances with it",
    source: "docs.cloud.google.com/run/docs/securing/service-identity, docs.cloud.google.com/iam/docs/service-agents",
  },
  {
    api: "vpcaccess",
    account: (number) => `service-${number}@gcp-sa-vpcaccess.iam.gserviceaccount.com`,
    role: "roles/vpcaccess.serviceAgent",
    because: "it creates the connector's machines",
    source: "docs.cloud.google.com/vpc/docs/configure-serverless-vpc-access, Service account permissions",
  },
];

/** Basic roles that include what the agents need. */
const ENOUGH = ["roles/editor", "roles/owner"];

/** Whether the service agents still have their roles. */
export function judgeAgents(facts: Facts): Answer[] {
  const { project } = facts.settings;
  const agents = AGENTS.filter(({ api }) => !isOff(facts, api));
  if (agents.length === 0) return [fine("Google creates them when `up` turns the APIs on")];
  const [info, access] = [theOnly(facts, "project", projectInfo), theOnly(facts, "access", accessPolicy)];
  if ("open" in info || "open" in access)
    return [info, access].flatMap((known) => ("open" in known ? [known.open] : []));
  const { bindings } = access.object;
  const lacking = agents.filter(({ account, role }) => {
    const member = `serviceAccount:${account(info.object.projectNumber)}`;
    return !bindings.some((binding) => [role, ...ENOUGH].includes(binding.role) && binding.members.includes(member));
  });
  if (lacking.length === 0) return [fine(`${agents.length} service agents have their roles`)];
  return lacking.map(({ api, account, role, because }) => {
    const email = account(info.object.projectNumber);
    return wrong(`${email} must have ${role} because ${because}`, [
      `gcloud beta services identity create --service=${api}.googleapis.com --project=${project}`,
      `gcloud projects add-iam-policy-binding ${project} --member=serviceAccount:${email} --role=${role} --condition=None`,
    ]);
  });
}
