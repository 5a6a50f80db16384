import { problem } from "../../capacity/problem";
import { Inputs, MalformedValueError } from "../inputs";
import { resourceRule } from "../rule";
import { SECRET_GRANTS, WIDE_GRANTS } from "../types";

const ACCESSOR = "roles/secretmanager.secretAccessor";
const EVERYONE = ["allusers", "allauthenticatedusers"];

export const secretAccess = resourceRule({
  name: "secret-access",
  info: "Secrets are opened one at a time and never to everyone.",
  why: "A grant on the project opens every secret there is and every one to come.",
  severity: "critical",
  remediation: "Grant roles/secretmanager.secretAccessor with a SecretIamMember on each secret to the one service account that reads it.",
  types: [...SECRET_GRANTS, ...WIDE_GRANTS],
  judge({ type, properties }, { refuse }) {
    const grants = /Policy$/.test(type) ? policyGrants(properties) : [properties];
    for (const grant of grants) {
      if (SECRET_GRANTS.includes(type))
        for (const [setting, member] of membersOf(grant)) {
          if (!EVERYONE.includes(member.toLowerCase())) continue;
          const because = "everyone on the internet could read the secret";
          refuse(problem({ setting, value: member, must: "be one identity", because, fix: "serviceAccount:<the service's account>" }));
        }
      else if (textOf(grant, "role") === ACCESSOR)
        refuse(
          problem({
            setting: grant.at("role"),
            value: ACCESSOR,
            must: "not be granted beyond one secret",
            because: "its holder then reads every secret",
            instead: "set it on each secret with gcp.secretmanager.SecretIamMember instead",
          }),
        );
    }
  },
});

function textOf(inputs: Inputs, key: string): string {
  const text = inputs.text(key);
  if (!text) throw new MalformedValueError(`${inputs.at(key)} must be set`);
  return text;
}

function membersOf(grant: Inputs): [setting: string, member: string][] {
  if (!grant.has("members")) return [[grant.at("member"), textOf(grant, "member")]];
  return grant.texts("members").map((member, i) => [`${grant.at("members")}[${i}]`, member]);
}

/** A policy's bindings: JSON, as the data source for policies gives it. */
function policyGrants(properties: Inputs): Inputs[] {
  try {
    return new Inputs(JSON.parse(properties.text("policyData") ?? ""), "policyData").list("bindings");
  } catch (error) {
    if (error instanceof SyntaxError) throw new MalformedValueError("policyData must be a policy in JSON");
    throw error;
  }
}
