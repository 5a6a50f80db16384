import { expect, test } from "vitest";
import {
  SERVICE_ACCOUNT as ACCOUNT,
  CUSTOM_ROLES,
  SECRET_IAM_BINDING,
  SECRET_IAM_MEMBER,
} from "../../../../config/resource-types";
import { secretAccess } from "../../../../policy/rules/secret/secret-access";
import { type Declared, judgeStack, UNKNOWN } from "../../harness";

const judge = async (...resources: Declared[]) => (await judgeStack(secretAccess, resources)).map((f) => f.message);
const messages = (type: string, properties: object) => judge({ type, properties: { ...properties } });
const ACCESSOR = "roles/secretmanager.secretAccessor";
const BACKEND = "serviceAccount:backend@netra-staging.iam.gserviceaccount.com";
const SECRET_POLICY = "gcp:secretmanager/secretIamPolicy:SecretIamPolicy";
const PROJECT_MEMBER = "gcp:projects/iAMMember:IAMMember";

const everyone = (setting: string, member: string) =>
  `'${setting}' (${member}) must be one identity because everyone on the internet could read the secret; set '${setting}' to serviceAccount:<the service's account>`;
const wide = (setting: string, role = ACCESSOR) =>
  `'${setting}' (${role}) must not be granted beyond one secret because its holder then reads every secret; grant a role that cannot read secrets, and ${ACCESSOR} on each secret with gcp.secretmanager.SecretIamMember`;

test("accepts one secret for one identity, and other roles on the project", async () => {
  expect(await messages(SECRET_IAM_MEMBER, { secretId: UNKNOWN, role: ACCESSOR, member: BACKEND })).toEqual([]);
  expect(
    await messages(SECRET_IAM_BINDING, { secretId: "jwt-secret-staging", role: ACCESSOR, members: [BACKEND] }),
  ).toEqual([]);
  expect(
    await messages(PROJECT_MEMBER, { project: "netra-staging", role: "roles/cloudsql.client", member: UNKNOWN }),
  ).toEqual([]);
});

test("refuses everyone, in every kind of grant on a secret", async () => {
  expect(await messages(SECRET_IAM_MEMBER, { role: ACCESSOR, member: "allUsers" })).toEqual([
    everyone("member", "allUsers"),
  ]);
  expect(await messages(SECRET_IAM_BINDING, { role: ACCESSOR, members: [BACKEND, "allAuthenticatedUsers"] })).toEqual([
    everyone("members[1]", "allAuthenticatedUsers"),
  ]);
  const policyData = JSON.stringify({ bindings: [{ role: "roles/secretmanager.viewer", members: ["ALLUSERS"] }] });
  expect(await messages(SECRET_POLICY, { policyData })).toEqual([
    everyone("policyData.bindings[0].members[0]", "ALLUSERS"),
  ]);
  expect(
    await messages("gcp:secretmanager/regionalSecretIamMember:RegionalSecretIamMember", {
      role: ACCESSOR,
      member: "allUsers",
    }),
  ).toHaveLength(1);
});

test("refuses the accessor's role on a project, a folder or an organization", async () => {
  for (const scope of ["projects", "folder", "organizations"]) {
    expect(await messages(`gcp:${scope}/iAMMember:IAMMember`, { role: ACCESSOR, member: UNKNOWN })).toEqual([
      wide("role"),
    ]);
    expect(await messages(`gcp:${scope}/iAMBinding:IAMBinding`, { role: ACCESSOR, members: [BACKEND] })).toEqual([
      wide("role"),
    ]);
    const policyData = JSON.stringify({
      bindings: [
        { role: "roles/viewer", members: [] },
        { role: ACCESSOR, members: [BACKEND] },
      ],
    });
    expect(await messages(`gcp:${scope}/iAMPolicy:IAMPolicy`, { policyData })).toEqual([
      wide("policyData.bindings[1].role"),
    ]);
  }
});

test("refuses every role that reads a version, and a custom one by its permissions", async () => {
  for (const role of ["roles/owner", "roles/secretmanager.admin"])
    expect(await messages(PROJECT_MEMBER, { role, member: BACKEND })).toEqual([wide("role", role)]);
  // Editors read no version.
  for (const role of ["roles/editor", "roles/secretmanager.viewer", "projects/netra-staging/roles/elsewhere"])
    expect(await messages(PROJECT_MEMBER, { role, member: BACKEND })).toEqual([]);
  const custom = (permission: string): Declared => ({
    type: CUSTOM_ROLES[0] ?? "",
    name: "deployer",
    properties: { roleId: "deployer", permissions: ["run.services.update", permission] },
  });
  const granted = (role: string): Declared => ({
    type: PROJECT_MEMBER,
    name: "grant",
    properties: { role, member: BACKEND },
    dependsOn: ["deployer"],
  });
  const named = "projects/netra-staging/roles/deployer";
  expect(await judge(custom("secretmanager.versions.access"), granted(named))).toEqual([wide("role", named)]);
  expect(await judge(custom("secretmanager.versions.access"), granted(UNKNOWN))).toEqual([wide("role", "deployer")]);
  for (const role of [named, UNKNOWN])
    expect(await judge(custom("secretmanager.versions.list"), granted(role))).toEqual([]);
});

test("accepts a member that is a service account of the stack, which a preview does not know", async () => {
  const account = { type: ACCOUNT, name: "account", properties: {} };
  const grant = {
    type: SECRET_IAM_MEMBER,
    name: "grant",
    properties: { role: ACCESSOR, member: UNKNOWN },
    dependsOn: ["account"],
  };
  expect(await judge(account, grant)).toEqual([]);
});

test("cannot evaluate what is unknown at preview, missing or malformed", async () => {
  expect(await messages(SECRET_IAM_MEMBER, { role: ACCESSOR, member: UNKNOWN })).toEqual([
    "cannot evaluate: 'member' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages(SECRET_IAM_MEMBER, { role: ACCESSOR, member: "" })).toEqual([
    "cannot evaluate: member must be set",
  ]);
  expect(await messages(SECRET_IAM_BINDING, { role: ACCESSOR, members: BACKEND })).toEqual([
    "cannot evaluate: members must be a list",
  ]);
  expect(await messages(PROJECT_MEMBER, { role: null, member: BACKEND })).toEqual([
    "cannot evaluate: role must be set",
  ]);
  for (const policyData of [undefined, "", "{"])
    expect(await messages(SECRET_POLICY, { policyData })).toEqual([
      "cannot evaluate: policyData must be a policy in JSON",
    ]);
  expect(await messages(SECRET_POLICY, { policyData: "null" })).toEqual([
    "cannot evaluate: policyData must be an object",
  ]);
});

test("accepts a grant that a condition holds to secrets it names, and no other condition", async () => {
  const under = (expression: unknown) =>
    messages(PROJECT_MEMBER, { role: ACCESSOR, member: BACKEND, condition: { title: "only", expression } });
  expect(await under('resource.name.startsWith("projects/123/secrets/backend-")')).toEqual([]);
  expect(await under('request.time < timestamp("2027-01-01T00:00:00Z")')).toEqual([wide("role")]);
  expect((await under(UNKNOWN))[0]).toContain("cannot evaluate: 'condition.expression' is not known at preview");
});
