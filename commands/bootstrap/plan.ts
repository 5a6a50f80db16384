import type { Existing, Policy } from "./existing";
import {
  apis,
  bucketRoles,
  type ConditionalRole,
  conditionalRoles,
  environments,
  keyRoles,
  projectRoles,
  type Role,
  refreshRole,
} from "./roles";

/** What is set up, and for whom. */
export interface BootstrapTarget {
  readonly project: string;
  /** `owner/name` on GitHub, in its exact case. */
  readonly repository: string;
  /** GitHub's number of it, which a renamed or recreated repository does not get again. */
  readonly repositoryId: string;
  /** Where bucket and key are. */
  readonly region: string;
  /** The ids of the stack's secrets. */
  readonly secrets: readonly string[];
  /** The name of the stack's database instance. */
  readonly instance: string;
}

const ISSUER = "https://token.actions.githubusercontent.com";
const KEY_RING = "pulumi";
const KEY = "stack-secrets";
/** A pool of its own: every provider of a pool can claim every subject. */
export const POOL = "netra-github";
const PROVIDER = "github";
const POOL_LOCATION = ["--location", "global"];
const ACCOUNTS = ["deployer", "previewer"] as const satisfies readonly Role[];

const accountId = (role: Role) => `netra-${role}`;
const email = (role: Role, project: string) => `${accountId(role)}@${project}.iam.gserviceaccount.com`;
const bucketOf = (project: string) => `gs://${project}-pulumi-state`;

/** The gcloud calls that read {@link Existing}. */
export function lookups({ project, region }: BootstrapTarget) {
  const ring = ["--keyring", KEY_RING, "--location", region];
  const inPool = ["--workload-identity-pool", POOL, ...POOL_LOCATION];
  const asked = (...args: readonly string[]) => [...args, "--project", project, "--format=json"];
  return {
    project: ["projects", "describe", project, "--format=json"],
    apis: asked("services", "list", "--enabled"),
    bucket: asked("storage", "buckets", "describe", bucketOf(project)),
    keyRing: asked("kms", "keyrings", "describe", KEY_RING, "--location", region),
    key: asked("kms", "keys", "describe", KEY, ...ring),
    pool: asked("iam", "workload-identity-pools", "describe", POOL, ...POOL_LOCATION),
    provider: asked("iam", "workload-identity-pools", "providers", "describe", PROVIDER, ...inPool),
    providers: asked("iam", "workload-identity-pools", "providers", "list", ...inPool),
    deployer: asked("iam", "service-accounts", "describe", email("deployer", project)),
    previewer: asked("iam", "service-accounts", "describe", email("previewer", project)),
    role: asked("iam", "roles", "describe", refreshRole.id),
    policies: {
      project: ["projects", "get-iam-policy", project, "--format=json"],
      bucket: asked("storage", "buckets", "get-iam-policy", bucketOf(project)),
      key: asked("kms", "keys", "get-iam-policy", KEY, ...ring),
      deployer: asked("iam", "service-accounts", "get-iam-policy", email("deployer", project)),
      previewer: asked("iam", "service-accounts", "get-iam-policy", email("previewer", project)),
    },
  } as const;
}

/** The gcloud calls that create what is missing and correct what differs, in order. */
export function commands(subject: BootstrapTarget, found: Existing): string[][] {
  const { project } = subject;
  const missing = apis.filter((api) => !found.apis.includes(api));
  return [
    ...(missing.length > 0 ? [["services", "enable", ...missing, "--project", project]] : []),
    ...bucketCommands(subject, found),
    ...keyCommands(subject, found),
    ...federationCommands(subject, found),
    ...ACCOUNTS.filter((role) => !found[role]).map((role) => [
      ...[
        "iam",
        "service-accounts",
        "create",
        accountId(role),
        "--display-name",
        `${role} of the pipelines`,
        "--project",
        project,
      ],
    ]),
    ...ACCOUNTS.filter((role) => found[role]?.disabled).map((role) => [
      "iam",
      "service-accounts",
      "enable",
      email(role, project),
      "--project",
      project,
    ]),
    ...refreshRoleCommands(subject, found),
    ...bindingCommands(subject, found),
  ];
}

function bucketCommands({ project, region }: BootstrapTarget, { bucket }: Existing): string[][] {
  const name = bucketOf(project);
  const update = (...flags: readonly string[]) =>
    flags.length > 0 ? [["storage", "buckets", "update", name, ...flags, "--project", project]] : [];
  if (!bucket)
    return [
      [
        "storage",
        "buckets",
        "create",
        name,
        "--location",
        region,
        "--uniform-bucket-level-access",
        "--public-access-prevention",
        "--project",
        project,
      ],
      ...update("--versioning"), // `create` has no such flag
    ];
  return update(
    ...(bucket.versioning_enabled ? [] : ["--versioning"]),
    ...(bucket.uniform_bucket_level_access ? [] : ["--uniform-bucket-level-access"]),
    ...(bucket.public_access_prevention === "enforced" ? [] : ["--public-access-prevention"]),
  );
}

function keyCommands({ project, region }: BootstrapTarget, { keyRing, key }: Existing): string[][] {
  return [
    ...(keyRing ? [] : [["kms", "keyrings", "create", KEY_RING, "--location", region, "--project", project]]),
    ...(key
      ? []
      : [
          [
            "kms",
            "keys",
            "create",
            KEY,
            "--keyring",
            KEY_RING,
            "--location",
            region,
            "--purpose",
            "encryption",
            "--project",
            project,
          ],
        ]),
  ];
}

/**
 * Who may come at all: jobs of this repository in one of the two environments; in the deployer's, only those of the
 * main branch, also where GitHub's own rule for the environment is missing.
 */
const conditionFor = (repositoryId: string) =>
  `assertion.repository_id == '${repositoryId}' && (assertion.environment == '${environments.previewer}' || (assertion.environment == '${environments.deployer}' && assertion.ref == 'refs/heads/main'))`;

/**
 * The subject that GitHub's tokens had until July 2026. Newer ones contain the numbers of owner and repository, and a
 * repository can choose another one, so it is put together here.
 */
const MAPPING = {
  "google.subject": "'repo:' + assertion.repository + ':environment:' + assertion.environment",
};

/** The providers of the pool that are not the pipelines'. Each could claim the subject of a job of this repository. */
export const otherProviders = ({ providers }: Existing): string[] =>
  providers.map(({ name }) => name.split("/").at(-1) ?? "").filter((id) => id !== PROVIDER);

function federationCommands({ project, repositoryId }: BootstrapTarget, { pool, provider }: Existing): string[][] {
  const pools = (verb: string, ...flags: readonly string[]) => [
    "iam",
    "workload-identity-pools",
    verb,
    POOL,
    ...POOL_LOCATION,
    ...flags,
    "--project",
    project,
  ];
  const providers = (verb: string, ...flags: readonly string[]) => [
    ...[
      "iam",
      "workload-identity-pools",
      "providers",
      verb,
      PROVIDER,
      "--workload-identity-pool",
      POOL,
      ...POOL_LOCATION,
      ...flags,
      "--project",
      project,
    ],
  ];
  const condition = conditionFor(repositoryId);
  const mapping = Object.entries(MAPPING)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const pipelineSettings = ["--issuer-uri", ISSUER, "--attribute-mapping", mapping, "--attribute-condition", condition];
  const isAsWanted =
    provider?.attributeCondition === condition &&
    provider.oidc.issuerUri === ISSUER &&
    Object.keys(provider.attributeMapping).length === Object.keys(MAPPING).length &&
    Object.entries(MAPPING).every(([key, value]) => provider.attributeMapping[key] === value);
  return [
    ...(pool ? [] : [pools("create", "--display-name", "GitHub Actions")]),
    ...(pool?.state === "DELETED" ? [pools("undelete")] : []), // for 30 days the name stays taken
    ...(pool?.disabled ? [pools("update", "--no-disabled")] : []),
    ...(provider ? [] : [providers("create-oidc", ...pipelineSettings)]),
    ...(provider?.state === "DELETED" ? [providers("undelete")] : []),
    ...(provider && (!isAsWanted || provider.disabled)
      ? [providers("update-oidc", ...pipelineSettings, ...(provider.disabled ? ["--no-disabled"] : []))]
      : []),
  ];
}

function refreshRoleCommands({ project }: BootstrapTarget, { role }: Existing): string[][] {
  const { id } = refreshRole;
  const permissions = refreshRole.permissions.join(",");
  const inProject = ["--project", project];
  if (!role)
    return [
      [
        "iam",
        "roles",
        "create",
        id,
        "--title",
        "Refresh of the stack",
        "--permissions",
        permissions,
        "--stage",
        "GA",
        ...inProject,
      ],
    ];
  const isAsWanted = role.includedPermissions.toSorted().join(",") === permissions;
  return [
    ...(role.deleted ? [["iam", "roles", "undelete", id, ...inProject]] : []),
    ...(isAsWanted ? [] : [["iam", "roles", "update", id, "--permissions", permissions, ...inProject]]),
  ];
}

function bindingCommands(subject: BootstrapTarget, { policies, projectNumber }: Existing): string[][] {
  const { project, region } = subject;
  const key = [KEY, "--keyring", KEY_RING, "--location", region];
  return ACCOUNTS.flatMap((account) => {
    const member = memberOf(account, project);
    const add = (policy: Policy, who: string, role: string, command: readonly string[], ...rest: readonly string[]) =>
      isBound(policy, role, who) ? [] : [[...command, "--member", who, "--role", role, ...rest]];
    const here = ["--project", project];
    return [
      // If a policy has conditions, gcloud asks for one unless it gets `None`.
      ...wantedRoles(account, project).flatMap((role) =>
        add(policies.project, member, role, ["projects", "add-iam-policy-binding", project], "--condition=None"),
      ),
      ...conditionalRoles(account, { ...subject, projectNumber }).flatMap((wanted) =>
        isBound(policies.project, wanted.role, member, wanted)
          ? []
          : [
              [
                ...["projects", "add-iam-policy-binding", project, "--member", member],
                ...["--role", wanted.role, "--condition", flagOf(wanted)],
              ],
            ],
      ),
      ...add(
        policies.bucket,
        member,
        bucketRoles[account],
        ["storage", "buckets", "add-iam-policy-binding", bucketOf(project)],
        ...here,
      ),
      ...add(policies.key, member, keyRoles[account], ["kms", "keys", "add-iam-policy-binding", ...key], ...here),
      ...add(
        policies[account],
        jobsOf(account, subject, projectNumber),
        ACTS_AS,
        ["iam", "service-accounts", "add-iam-policy-binding", email(account, project)],
        ...here,
      ),
    ];
  });
}

const memberOf = (account: Role, project: string) => `serviceAccount:${email(account, project)}`;
const poolName = (projectNumber: string) => `projects/${projectNumber}/locations/global/workloadIdentityPools/${POOL}`;
/** The jobs of the repository in the account's environment. */
const jobsOf = (account: Role, { repository }: BootstrapTarget, projectNumber: string) =>
  `principal://iam.googleapis.com/${poolName(projectNumber)}/subject/repo:${repository}:environment:${environments[account]}`;
const ACTS_AS = "roles/iam.workloadIdentityUser";
const isBound = ({ bindings }: Policy, role: string, member: string, condition?: Pick<ConditionalRole, "expression">) =>
  bindings.some(
    (binding) =>
      binding.role === role &&
      binding.condition?.expression === condition?.expression &&
      binding.members.includes(member),
  );
const flagOf = ({ title, expression }: Pick<ConditionalRole, "title" | "expression">) =>
  `expression=${expression},title=${title}`;

const wantedRoles = (account: Role, project: string) => [
  ...projectRoles[account],
  ...(account === "previewer" ? [`projects/${project}/roles/${refreshRole.id}`] : []),
];

/** Commands that remove other roles of the two accounts; they are only printed. */
export function surplusRoles(subject: BootstrapTarget, { policies, projectNumber }: Existing): string[][] {
  const { project } = subject;
  return ACCOUNTS.flatMap((account) => {
    const member = memberOf(account, project);
    const conditional = conditionalRoles(account, { ...subject, projectNumber });
    const surplus = policies.project.bindings.filter(
      ({ role, members, condition }) =>
        members.includes(member) &&
        !wantedRoles(account, project).includes(role) &&
        !conditional.some((wanted) => wanted.role === role && wanted.expression === condition?.expression),
    );
    return surplus.map(({ role, condition }) => [
      ...["projects", "remove-iam-policy-binding", project, "--member", member, "--role", role],
      // The account keeps the same role with the conditions that are wanted.
      ...(conditional.some((wanted) => wanted.role === role)
        ? ["--condition", condition ? flagOf(condition) : "None"]
        : ["--all"]),
    ]);
  });
}

/** Commands that remove other principals' roles on the two accounts; they are only printed. */
export function otherAccess(subject: BootstrapTarget, { policies, projectNumber }: Existing): string[][] {
  const { project } = subject;
  return ACCOUNTS.flatMap((account) =>
    policies[account].bindings.flatMap(({ role, members }) =>
      members
        .filter((member) => role !== ACTS_AS || member !== jobsOf(account, subject, projectNumber))
        .map((member) => [
          ...["iam", "service-accounts", "remove-iam-policy-binding", email(account, project)],
          ...["--member", member, "--role", role, "--all", "--project", project],
        ]),
    ),
  );
}

/** The settings that the workflows and `pulumi` need. */
export function settings(
  { project, region }: Pick<BootstrapTarget, "project" | "region">,
  projectNumber: string,
): { readonly variables: Readonly<Record<string, string>>; readonly stackInit: string } {
  return {
    variables: {
      GCP_PROJECT: project,
      WORKLOAD_IDENTITY_PROVIDER: `${poolName(projectNumber)}/providers/${PROVIDER}`,
      DEPLOYER: email("deployer", project),
      PREVIEWER: email("previewer", project),
      PULUMI_BACKEND_URL: bucketOf(project),
    },
    stackInit: `pulumi login ${bucketOf(project)} && pulumi stack init staging --secrets-provider gcpkms://projects/${project}/locations/${region}/keyRings/${KEY_RING}/cryptoKeys/${KEY}`,
  };
}
