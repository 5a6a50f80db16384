import { problem } from "../../../capacity/problem";
import { SERVICE_ACCOUNT } from "../../../config/resource-types";
import { stackRule } from "../../framework/rule";
import { dependenciesOf } from "../../resources/dependencies";
import { type Grant, grantsOf, membersOf, namesSecrets, readerRole } from "../../resources/secret-grants";

const EVERYONE = ["allusers", "allauthenticatedusers"];

export const secretAccess = stackRule({
  name: "secret-access",
  info: "Access to secrets is granted one secret at a time and never to everyone.",
  why: "A grant on the project gives access to every present and future secret, whether its role is the accessor, owner or a custom role.",
  severity: "critical",
  remediation:
    "Grant roles/secretmanager.secretAccessor with a SecretIamMember on each secret to the one service account that reads it.",
  judge(resources, { refuse, attempt }) {
    for (const resource of resources)
      for (const grant of attempt(resource, () => grantsOf(resource)) ?? [])
        attempt(resource, () => {
          if (grant.isWide) {
            const role = readerRole(grant, resources);
            if (role === undefined || namesSecrets(grant)) return;
            const instead =
              "grant a role that cannot read secrets, and roles/secretmanager.secretAccessor on each secret with gcp.secretmanager.SecretIamMember";
            const because = "its holder then reads every secret";
            refuse(
              problem({
                setting: grant.inputs.at("role"),
                value: role,
                must: "not be granted beyond one secret",
                because,
                instead,
              }),
              resource,
            );
          } else if (!isOneAccount(grant))
            for (const [setting, member] of membersOf(grant)) {
              if (!EVERYONE.includes(member.toLowerCase())) continue;
              const because = "everyone on the internet could read the secret";
              refuse(
                problem({
                  setting,
                  value: member,
                  must: "be one identity",
                  because,
                  fix: "serviceAccount:<the service's account>",
                }),
                resource,
              );
            }
        });
  },
});

/** A member that is unknown at preview and comes from a service account of the stack. */
const isOneAccount = ({ inputs, resource }: Grant) =>
  inputs.isUnknown("member") && dependenciesOf(resource, [SERVICE_ACCOUNT]).length > 0;
