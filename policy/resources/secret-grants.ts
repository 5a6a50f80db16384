import { indexed, memoized } from "../../capacity/memoized";
import { CUSTOM_ROLES, SECRET_GRANTS, SECRETS, WIDE_GRANTS } from "../../config/resource-types";
import { Inputs, ifReadable, MalformedValueError, parsedJson } from "../framework/inputs";
import type { Resource, StackResource } from "../framework/rule";
import { cloudName, mayBeSameProject, projectOf } from "./cloud-name";
import { dependenciesOf } from "./dependencies";
import type { SecretVersionName } from "./secret-reference";

/** Permissions that include reading a secret's value. */
const PERMISSION = /^secretmanager\.(versions\.access|versions\.\*|\*)$/;

/**
 * Google's roles with that permission. roles/editor does not have it.
 * Source: docs.cloud.google.com/secret-manager/docs/access-control ("Contains 1 owner permission"), read 2026-11-28.
 */
const READER_ROLES: readonly string[] = [
  "roles/secretmanager.secretAccessor",
  "roles/secretmanager.admin",
  "roles/owner",
];

/** A role that is granted to members. Its values are read only on use, because they may be unknown at preview. */
export interface Grant {
  readonly resource: StackResource;
  /** The grant itself: role, member or members. */
  readonly inputs: Inputs;
  /** Whether it is on a project, a folder or an organization instead of one secret. */
  readonly isWide: boolean;
}

/** The grants of a resource: a policy may have several. Throws if a policy is unknown at preview or invalid. */
export function grantsOf(resource: StackResource): Grant[] {
  const isWide = WIDE_GRANTS.includes(resource.type);
  if (!isWide && !SECRET_GRANTS.includes(resource.type)) return [];
  const bindings = /Policy$/.test(resource.type) ? bindingsIn(resource.properties) : [resource.properties];
  return bindings.map((inputs) => ({ resource, inputs, isWide }));
}

/** A policy's bindings, from the JSON of the provider's data source for policies. */
function bindingsIn(properties: Inputs): Inputs[] {
  return new Inputs(parsedJson(properties.text("policyData") ?? "", "policyData", "a policy"), "policyData").list(
    "bindings",
  );
}

/** The members of a grant. Throws if they are unknown at preview or missing. */
export function membersOf({ inputs }: Grant): [setting: string, member: string][] {
  if (inputs.has("members"))
    return inputs.texts("members").map((member, i) => [`${inputs.at("members")}[${i}]`, member]);
  const member = inputs.text("member");
  if (!member) throw new MalformedValueError(`${inputs.at("member")} must be set`);
  return [[inputs.at("member"), member]];
}

/** The role, if it can read secrets; `undefined`: it cannot. Throws if it is unknown at preview. */
export function readerRole({ inputs, resource }: Grant, stack: readonly StackResource[]): string | undefined {
  const custom = inputs.isUnknown("role") ? dependenciesOf(resource, CUSTOM_ROLES) : [];
  // A role that the stack creates has a name only after it exists.
  if (custom.length > 0) return custom.some(readsVersions) ? custom.map(({ name }) => name).join(" or ") : undefined;
  const role = inputs.text("role");
  if (!role) throw new MalformedValueError(`${inputs.at("role")} must be set`);
  return READER_ROLES.includes(role) || rolesNamed(role, stack).some(readsVersions) ? role : undefined;
}

/** An unknown permission may be that one. */
const readsVersions = ({ properties }: Resource) =>
  properties.isUnknown("permissions") ||
  properties.texts("permissions").some((permission) => PERMISSION.test(permission));

const byRoleId = indexed(({ type, properties }: StackResource) =>
  CUSTOM_ROLES.includes(type) ? [properties.knownOnly().text("roleId")] : [],
);

/** The custom roles of the stack with that name. */
const rolesNamed = (role: string, stack: readonly StackResource[]) =>
  CUSTOM.test(role) ? byRoleId(stack, role.split("/roles/").at(-1)) : [];

/** The form of a custom role's name. */
const CUSTOM = /^(projects|organizations)\//;

/**
 * Whether a condition limits a grant to named secrets.
 * Source: docs.cloud.google.com/secret-manager/docs/access-control ("IAM Conditions": resource.name).
 */
export const namesSecrets = ({ inputs }: Grant): boolean =>
  /resource\.name\b.*\/secrets\//s.test(inputs.object("condition").text("expression") ?? "");

/**
 * Every grant of the stack; `undefined` if one cannot be read, which `secret-access` reports: its members are not
 * known.
 */
const allGrants = memoized((stack: readonly StackResource[]): readonly Grant[] | undefined =>
  ifReadable(() => stack.flatMap(grantsOf)),
);

/** Stands for every secret, or for every account. */
const ANY = "*";

/** The secrets that a grant may be on; a path is on the secret that it names. */
function concerned({ resource, isWide }: Grant): readonly string[] {
  if (isWide) return [ANY];
  if (!resource.properties.isUnknown("secretId"))
    return [cloudName(resource.properties.text("secretId"), "secrets")?.name ?? ""];
  const needed = dependenciesOf(resource, SECRETS);
  return needed.length === 0 ? [ANY] : needed.map(({ properties }) => properties.knownOnly().text("secretId") ?? "");
}

/** The accounts that a grant may include; a group, a domain or everyone may include any. */
function included({ inputs }: Grant): readonly string[] {
  if (inputs.isUnknown("member") || inputs.isUnknown("members")) return [ANY];
  const known = inputs.knownOnly();
  const members = inputs.has("members") ? known.texts("members") : [known.text("member") ?? ""];
  const accounts = members.map((stated) => {
    const [, kind, account = ""] = /^(serviceaccount|user|deleted):(.*)$/s.exec(stated.toLowerCase()) ?? [];
    return kind === undefined ? ANY : kind === "serviceaccount" ? account : "";
  });
  return members.length < inputs.count("members") ? [...accounts, ANY] : accounts;
}

/**
 * Whether the stack grants something on the secret or to the account, but does not grant the account a role that reads
 * the secret. An unknown grant may be the missing one. A stack without any such grant is not judged: it is granted
 * elsewhere.
 */
export function lacksReader(wanted: SecretName, account: string, stack: readonly StackResource[]): boolean {
  const grants = allGrants(stack);
  if (grants === undefined) return false;
  const [secrets, accounts] = [
    [wanted.secret, ANY],
    [account.toLowerCase(), ANY],
  ];
  const isJudged =
    secrets.some((secret) => onSecret(grants, secret).some((grant) => mayConcern(grant, wanted))) ||
    accounts.some((one) => toAccount(grants, one).some((grant) => mayInclude(grant, account)));
  return (
    isJudged &&
    !secrets.some((secret) =>
      accounts.some((one) =>
        onSecretToAccount(grants, pair(secret, one)).some(
          (grant) => mayConcern(grant, wanted) && mayInclude(grant, account) && mayRead(grant, stack),
        ),
      ),
    )
  );
}

/** The keys of an unreadable grant: whoever judges it reports it. */
const orAny = (keys: () => readonly string[]) => ifReadable(keys) ?? [ANY];
const pair = (secret: string, account: string) => `${secret} ${account}`;

const onSecret = indexed((grant: Grant) => (grant.isWide ? [] : orAny(() => concerned(grant))));
const toAccount = indexed((grant: Grant) => (grant.isWide ? [] : orAny(() => included(grant))));
const onSecretToAccount = indexed((grant: Grant) =>
  orAny(() => concerned(grant)).flatMap((secret) =>
    orAny(() => included(grant)).map((account) => pair(secret, account)),
  ),
);

function mayConcern({ resource, isWide }: Grant, wanted: SecretName): boolean {
  if (isWide) return true;
  if (!resource.properties.isUnknown("secretId"))
    return isSecret(resource.properties.text("secretId") ?? "", projectOf(resource), wanted);
  const needed = dependenciesOf(resource, SECRETS);
  return needed.length === 0 || needed.some((other) => other.properties.knownOnly().text("secretId") === wanted.secret);
}

const mayInclude = (grant: Grant, account: string): boolean =>
  included(grant).some((one) => one === ANY || one === account.toLowerCase());

function mayRead(grant: Grant, stack: readonly StackResource[]): boolean {
  if (grant.inputs.isUnknown("role"))
    return dependenciesOf(grant.resource, CUSTOM_ROLES).length === 0 || readerRole(grant, stack) !== undefined;
  const role = grant.inputs.text("role") ?? "";
  // The permissions of a custom role outside the stack are not known.
  return readerRole(grant, stack) !== undefined || (CUSTOM.test(role) && rolesNamed(role, stack).length === 0);
}

type SecretName = Pick<SecretVersionName, "secret" | "project">;

/** Whether a text, an id or a path, names that secret; an id belongs to `project`. */
export function isSecret(text: string, project: string | undefined, wanted: SecretName): boolean {
  const named = cloudName(text, "secrets");
  return (
    named?.collection === "secrets" &&
    named.name === wanted.secret &&
    mayBeSameProject(named.project ?? project, wanted.project)
  );
}
