import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootstrapCommand } from "../../../commands/bootstrap/command";
import { gcloudResult } from "../../../commands/bootstrap/gcloud-cli";
import { apis, bucketRoles, conditionalRoles, keyRoles, projectRoles } from "../../../commands/bootstrap/roles";
import { PREFLIGHT_SOURCES } from "../../../commands/preflight/facts";
import { SOURCES } from "../../../commands/shared/cloud/sources";
import { PROJECT_ROOT } from "../../../commands/shared/stack-file";
import { APIS } from "../../../config/apis";
import { onReference, stagingConfiguration } from "../../stack-settings";
import { commandNamed, type Ended, ended } from "../child";
import { gcloud } from "./gcloud.mjs";

/* The real command, and a `gcloud` that keeps a project in a file: a function, or where it is named so a program. */

const PROJECT = "netra-staging";
const DEPLOYER = `netra-deployer@${PROJECT}.iam.gserviceaccount.com`;
const PREVIEWER = `netra-previewer@${PROJECT}.iam.gserviceaccount.com`;
const BUCKET = `gs://${PROJECT}-pulumi-state`;

interface State {
  calls: string[][];
  apis: string[];
  broken?: string;
  buckets: Record<string, object>;
  keyrings: object;
  keys: object;
  pools: Record<string, object>;
  providers: Record<string, { attributeCondition?: string; disabled?: boolean; state?: string }>;
  accounts: Record<string, { disabled?: boolean }>;
  roles: Record<string, { includedPermissions?: string[]; deleted?: boolean }>;
  policies: Record<
    string,
    { bindings: { role: string; members: string[]; condition?: { title: string; expression: string } }[] }
  >;
}

let folder = "";
let path = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "netra-bootstrap-"));
  const bin = join(folder, "bin");
  mkdirSync(bin);
  copyFileSync(join(__dirname, "gcloud.mjs"), join(bin, "gcloud"));
  chmodSync(join(bin, "gcloud"), 0o755);
  // An executable without an extension is an ES module only beside a package that says so.
  writeFileSync(join(bin, "package.json"), '{ "type": "module" }');
  path = [bin, process.env.PATH].join(delimiter);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A project of its own; empty unless a test says otherwise. */
class Project {
  private readonly file = join(mkdtempSync(join(folder, "project-")), "state.json");

  constructor(state: Partial<State> = {}) {
    const empty = {
      calls: [],
      apis: ["serviceusage.googleapis.com"],
      buckets: {},
      keyrings: {},
      keys: {},
      pools: {},
      providers: {},
      accounts: {},
      roles: {},
      policies: {},
    };
    this.write({ ...empty, ...state });
  }

  get state(): State & { readonly projectNumber: string } {
    return JSON.parse(readFileSync(this.file, "utf8"));
  }

  /** Changes what exists, as somebody else would. */
  change(change: (state: State) => void): void {
    const state = this.state;
    change(state);
    this.write({ ...state, calls: [] });
  }

  private write(state: State): void {
    writeFileSync(this.file, JSON.stringify({ projectNumber: "123456", ...state }));
  }

  bootstrap(...args: readonly string[]): Promise<Ended> {
    const call = async (args: readonly string[]) => {
      const state = this.state;
      const { code, stdout, stderr } = gcloud(args, state);
      this.write(state);
      return gcloudResult(code, stdout, stderr);
    };
    return ended(bootstrapCommand(call), onReference(optionsOf(args)));
  }

  /** The same with the program. */
  bootstrapByProgram(...args: readonly string[]): Promise<Ended> {
    const environment = { ...process.env, PATH: path, GCLOUD_STATE: this.file };
    return commandNamed("bootstrap", environment)(...onReference(optionsOf(args)));
  }

  /** The calls since the last change that change something. */
  get changes(): string[] {
    return this.state.calls
      .map((args) => args.join(" "))
      .filter((line) => !/ (describe|list|get-iam-policy)\b/.test(line));
  }
}

/** A condition, as IAM evaluates the part of CEL that it uses, which is JavaScript's too. */
const evaluated = (expression: string, resource: { readonly name: string; readonly type: string }): boolean =>
  new Function("resource", `return ${expression};`)(resource);

const optionsOf = (args: readonly string[]) =>
  args[0] === "--only"
    ? args.slice(1)
    : ["--project", PROJECT, "--repository", "netra/staging", "--repository-id", "4711", ...args];

/** The commands among the printed lines. */
const commandsIn = (stdout: string) => stdout.split("\n").filter((line) => line.startsWith("gcloud "));

/** What an account may do, by what it may do it on. */
function grants({ policies }: State, member: string): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(policies)
      .map(
        ([on, { bindings }]) =>
          [on, bindings.filter(({ members }) => members.includes(member)).map(({ role }) => role)] as const,
      )
      .filter(([, roles]) => roles.length > 0)
      .map(([on, roles]) => [on, roles.toSorted()]),
  );
}

describe("an empty project", () => {
  const project = () => made;
  let made: Project;
  let dry: Ended;
  let first: Ended;
  let second: Ended;
  let ran: string[];
  beforeAll(async () => {
    made = new Project();
    dry = await made.bootstrapByProgram("--dry-run");
    expect(made.changes).toEqual([]);
    first = await made.bootstrap();
    ran = made.changes;
    made.change(() => undefined);
    second = await made.bootstrap();
  });

  test("the dry run changes nothing and prints exactly the commands that the run then runs", () => {
    expect(dry).toMatchObject({ code: 0, stderr: "" });
    expect(first).toEqual(dry);
    expect(commandsIn(dry.stdout)).toHaveLength(ran.length);
    // As a shell reads them: only what needs quotes has them.
    expect(
      commandsIn(dry.stdout).map((line) =>
        line.replaceAll(/'((?:[^']|'\\'')*)'/g, (_, text) => text.replaceAll("'\\''", "'")),
      ),
    ).toEqual(ran.map((line) => `gcloud ${line}`));
  });

  test("gets a versioned, private bucket, a key, the two accounts, and every API", () => {
    expect(project().state.buckets).toEqual({
      [BUCKET]: {
        location: "US-CENTRAL1",
        versioning_enabled: true,
        uniform_bucket_level_access: true,
        public_access_prevention: "enforced",
      },
    });
    expect(Object.keys(project().state.keys)).toEqual(["stack-secrets"]);
    expect(Object.keys(project().state.accounts)).toEqual([DEPLOYER, PREVIEWER]);
    expect(project().state.apis.toSorted()).toEqual([...apis]);
  });

  test("lets in only jobs of this repository in the two environments, the deployer's only from main", () => {
    expect(project().state.providers.github).toEqual({
      state: "ACTIVE",
      oidc: { issuerUri: "https://token.actions.githubusercontent.com" },
      attributeMapping: {
        "google.subject": "'repo:' + assertion.repository + ':environment:' + assertion.environment",
      },
      attributeCondition:
        "assertion.repository_id == '4711' && (assertion.environment == 'preview' || (assertion.environment == 'staging' && assertion.ref == 'refs/heads/main'))",
    });
    const principal = (environment: string) =>
      `principal://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/netra-github/subject/repo:netra/staging:environment:${environment}`;
    expect(grants(project().state, principal("staging"))).toEqual({
      [`accounts/${DEPLOYER}`]: ["roles/iam.workloadIdentityUser"],
    });
    expect(grants(project().state, principal("preview"))).toEqual({
      [`accounts/${PREVIEWER}`]: ["roles/iam.workloadIdentityUser"],
    });
  });

  test("lets each account read all that a preflight reads", () => {
    // Roles that can do more contain what reads.
    const reads = (role: string) => [role, role.replace(".viewer", ".admin"), role.replace("Viewer", "Admin")];
    for (const [account, roles] of Object.entries(projectRoles))
      for (const { role } of PREFLIGHT_SOURCES.map((source) => SOURCES[source])) {
        // The deployer's three roles for networks, load balancers and Cloud Armor read what compute.viewer is asked
        // for.
        const enough =
          role.startsWith("roles/compute.") && account === "deployer" ? ["roles/compute.networkAdmin"] : reads(role);
        expect([account, role, roles.some((own) => enough.includes(own))]).toEqual([account, role, true]);
      }
    for (const { api } of PREFLIGHT_SOURCES.map((source) => SOURCES[source]))
      expect([...apis, ...APIS.map((own) => `${own}.googleapis.com`)]).toContain(`${api}.googleapis.com`);
  });

  test("gives each account its roles and no other", () => {
    expect(grants(project().state, `serviceAccount:${DEPLOYER}`)).toEqual({
      [`projects/${PROJECT}`]: [
        ...projectRoles.deployer,
        "roles/cloudsql.admin",
        ...Array(3).fill("roles/secretmanager.admin"),
      ].toSorted(),
      [`buckets/${BUCKET}`]: [bucketRoles.deployer],
      "keys/stack-secrets": [keyRoles.deployer],
    });
    expect(grants(project().state, `serviceAccount:${PREVIEWER}`)).toEqual({
      [`projects/${PROJECT}`]: [
        `projects/${PROJECT}/roles/netraRefresh`,
        ...projectRoles.previewer,
        ...Array(2).fill("roles/secretmanager.secretAccessor"),
      ].toSorted(),
      [`buckets/${BUCKET}`]: [bucketRoles.previewer],
      "keys/stack-secrets": [keyRoles.previewer],
    });
  });

  /** What the bindings of a role admit, by the name and the type of a resource. */
  const admittedBy = (role: string, account: string) => {
    const { bindings } = project().state.policies[`projects/${PROJECT}`] ?? { bindings: [] };
    const own = bindings.filter((binding) => binding.role === role && binding.members[0]?.includes(account));
    return (name: string, type: string) =>
      own.some(({ condition }) => evaluated(condition?.expression ?? "true", { name, type }));
  };

  test("lets the deployer administer the database of the stack, and no other of the project", () => {
    const admits = admittedBy("roles/cloudsql.admin", "deployer");
    const { name } = stagingConfiguration()["netra:database"] as { name: string };
    const instance = (id: string, of = PROJECT) => `projects/${of}/instances/${id}`;
    expect([
      admits(instance(name), "sqladmin.googleapis.com/Instance"),
      admits(instance(name, "123456"), "sqladmin.googleapis.com/Instance"),
      admits(`${instance(name)}/backupRuns/1`, "sqladmin.googleapis.com/BackupRun"),
      admits("projects/123456", "cloudresourcemanager.googleapis.com/Project"), // to create it
    ]).toEqual([true, true, true, true]);
    expect([
      admits(instance(`${name}-2`), "sqladmin.googleapis.com/Instance"),
      admits(`${instance("somebody-elses")}/backupRuns/1`, "sqladmin.googleapis.com/BackupRun"),
    ]).toEqual([false, false]);
  });

  test("lets the accounts read the secrets of the stack, and no other secret of the project", () => {
    const ids = Object.values(stagingConfiguration()["netra:secrets"] as Record<string, { id: string }>).map(
      ({ id }) => id,
    );
    expect(ids.length).toBeGreaterThan(12); // more than one condition can hold
    const version = (id: string) => `projects/123456/secrets/${id}/versions/1`;
    for (const account of ["deployer", "previewer"] as const) {
      const role = { deployer: "roles/secretmanager.admin", previewer: "roles/secretmanager.secretAccessor" }[account];
      const admits = admittedBy(role, account);
      expect(ids.filter((id) => !admits(version(id), "secretmanager.googleapis.com/SecretVersion"))).toEqual([]);
      for (const id of ["somebody-elses", `${ids[0]}-2`])
        for (const [name, type] of [
          [version(id), "SecretVersion"],
          [`projects/123456/secrets/${id}`, "Secret"],
        ] as const)
          expect([account, name, admits(name, `secretmanager.googleapis.com/${type}`)]).toEqual([account, name, false]);
      // Only the deployer creates and deletes secrets.
      expect([
        admits(`projects/123456/secrets/${ids[0]}`, "secretmanager.googleapis.com/Secret"),
        admits("projects/123456", "cloudresourcemanager.googleapis.com/Project"),
      ]).toEqual(account === "deployer" ? [true, true] : [false, false]);
    }
  });

  test("a second run changes nothing, and lists what to set in the repository", () => {
    expect(project().changes).toEqual([]);
    expect(second).toEqual({
      code: 0,
      stderr: "",
      stdout: [
        "# Nothing differs.",
        "# Once, in the repository (docs/pipelines.md):",
        "# gh variable set GCP_PROJECT --repo netra/staging --body 'netra-staging'",
        "# gh variable set WORKLOAD_IDENTITY_PROVIDER --repo netra/staging --body 'projects/123456/locations/global/workloadIdentityPools/netra-github/providers/github'",
        `# gh variable set DEPLOYER --repo netra/staging --body '${DEPLOYER}'`,
        `# gh variable set PREVIEWER --repo netra/staging --body '${PREVIEWER}'`,
        `# gh variable set PULUMI_BACKEND_URL --repo netra/staging --body '${BUCKET}'`,
        "# environments 'preview', without reviewers, and 'staging', with them, for the branch main only",
        "# Once, on your machine, and commit what it writes into Pulumi.staging.yaml:",
        `# pulumi login ${BUCKET} && pulumi stack init staging --secrets-provider gcpkms://projects/${PROJECT}/locations/us-central1/keyRings/pulumi/cryptoKeys/stack-secrets`,
        "",
      ].join("\n"),
    });
  });

  describe("that somebody changed afterwards", () => {
    test("is corrected where it differs, and only there", async () => {
      project().change((state) => {
        Object.assign(state.buckets[BUCKET] ?? {}, { versioning_enabled: false });
        Object.assign(state.providers.github ?? {}, { attributeCondition: "true", disabled: true });
        Object.assign(state.pools["netra-github"] ?? {}, { state: "DELETED" });
        Object.assign(state.accounts[DEPLOYER] ?? {}, { disabled: true });
        Object.assign(state.roles.netraRefresh ?? {}, {
          includedPermissions: ["secretmanager.versions.access"], // as an earlier version of this command made it
          deleted: true,
        });
        const ours = state.policies[`projects/${PROJECT}`]?.bindings.find(({ role }) => role === "roles/run.admin");
        Object.assign(ours ?? {}, { condition: { title: "until Friday", expression: "request.time < x" } });
      });
      expect(await project().bootstrap()).toMatchObject({ code: 0, stderr: "" });
      expect(project().changes).toEqual([
        `storage buckets update ${BUCKET} --versioning --project ${PROJECT}`,
        `iam workload-identity-pools undelete netra-github --location global --project ${PROJECT}`,
        expect.stringMatching(
          /^iam workload-identity-pools providers update-oidc github .* --no-disabled --project netra-staging$/,
        ),
        `iam service-accounts enable ${DEPLOYER} --project ${PROJECT}`,
        `iam roles undelete netraRefresh --project ${PROJECT}`,
        `iam roles update netraRefresh --permissions redis.instances.getAuthString --project ${PROJECT}`,
        `projects add-iam-policy-binding ${PROJECT} --member serviceAccount:${DEPLOYER} --role roles/run.admin --condition=None`,
      ]);
    });

    test("names a role that is not the account's, with the command that removes it, and leaves it", async () => {
      project().change(({ policies }) =>
        policies[`projects/${PROJECT}`]?.bindings.push({
          role: "roles/owner",
          members: [`serviceAccount:${PREVIEWER}`],
        }),
      );
      const { stdout } = await project().bootstrap();
      expect(stdout).toContain(
        `# Not one of the account's roles (commands/bootstrap/roles.ts); to remove it: gcloud projects remove-iam-policy-binding ${PROJECT} --member serviceAccount:${PREVIEWER} --role roles/owner --all\n`,
      );
      expect(project().changes).toEqual([]);
    });

    test("reports a secret that the stack no longer has, with the command that removes its condition", async () => {
      const own = { project: PROJECT, projectNumber: "123456", secrets: ["gone"], instance: "x" };
      const [{ title, expression } = { title: "", expression: "" }] = conditionalRoles("previewer", own);
      project().change(({ policies }) => {
        const role = "roles/secretmanager.secretAccessor";
        const members = [`serviceAccount:${PREVIEWER}`];
        policies[`projects/${PROJECT}`]?.bindings.push(
          { role, members },
          { role, members, condition: { title, expression } },
        );
      });
      const { stdout } = await project().bootstrap();
      const told = (condition: string) =>
        `# Not one of the account's roles (commands/bootstrap/roles.ts); to remove it: gcloud projects remove-iam-policy-binding ${PROJECT} --member serviceAccount:${PREVIEWER} --role roles/secretmanager.secretAccessor --condition ${condition}\n`;
      expect(stdout).toContain(told("None"));
      expect(stdout).toContain(
        told(
          `'expression=resource.name.startsWith('\\''projects/123456/secrets/gone/versions/'\\''),title=secrets of the stack 1 of 1'`,
        ),
      );
      expect(project().changes).toEqual([]);
    });

    test("a pool with another provider is refused before anything runs, disabled or not", async () => {
      project().change((state) => {
        Object.assign(state.providers, {
          gitlab: { state: "ACTIVE" },
          old: { state: "DELETED" },
          aws: { disabled: true },
        });
      });
      expect(await project().bootstrap()).toEqual({
        code: 2,
        stdout: "",
        stderr:
          "'netra-github' (gitlab, aws) must be a workload identity pool of one provider because another one could claim to be a job of this repository; delete the others, or create them in another pool\n",
      });
      expect(project().changes).toEqual([]);
      project().change((state) => {
        for (const name of ["gitlab", "old", "aws"]) delete state.providers[name];
      });
    });

    test("names who else may act as an account, also through another repository's jobs, and leaves it", async () => {
      const [person, jobs] = [
        "user:mallory@example.org",
        "principalSet://iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/old/*",
      ];
      project().change(({ policies }) => {
        policies[`accounts/${DEPLOYER}`]?.bindings.push({
          role: "roles/iam.serviceAccountTokenCreator",
          members: [person],
        });
        policies[`accounts/${DEPLOYER}`]?.bindings
          .find(({ role }) => role === "roles/iam.workloadIdentityUser")
          ?.members.push(jobs);
      });
      const { stdout } = await project().bootstrap();
      const named = (member: string, role: string) =>
        `# Another principal has rights on the account and may act as it; to remove them: gcloud iam service-accounts remove-iam-policy-binding ${DEPLOYER} --member ${member} --role ${role} --all --project ${PROJECT}`;
      expect(stdout.split("\n").filter((line) => line.startsWith("# Another"))).toEqual([
        named(`'${jobs}'`, "roles/iam.workloadIdentityUser"),
        named(person, "roles/iam.serviceAccountTokenCreator"),
      ]);
      expect(project().changes).toEqual([]);
    });

    test("a name with the end of a line stays in its comment", async () => {
      project().change(({ policies }) => {
        policies[`accounts/${DEPLOYER}`]?.bindings.push({ role: "roles/x", members: ["user:it's\ntouch x"] });
      });
      const { stdout } = await project().bootstrap("--dry-run");
      expect(stdout.split("\n").filter((line) => line !== "" && !/^(#|gcloud) /.test(line))).toEqual([]);
      expect(stdout).toContain(" --member $'user:it\\'s\\u000atouch x' --role roles/x ");
    });

    test("a bucket elsewhere is refused before anything runs", async () => {
      project().change(({ buckets }) =>
        Object.assign(buckets[BUCKET] ?? {}, { location: "EU", versioning_enabled: false }),
      );
      expect(await project().bootstrap()).toEqual({
        code: 2,
        stdout: "",
        stderr: `'${BUCKET}' (EU) must be in us-central1 because a bucket cannot move, and the state belongs in the region that it describes; set '${BUCKET}' to another one: move its objects, delete it and run this command again\n`,
      });
      expect(project().changes).toEqual([]);
    });
  });
});

describe("a call that fails", () => {
  test("ends the run there with gcloud's words, and the next run goes on", async () => {
    const project = new Project({ broken: "kms keyrings create" });
    const { code, stdout, stderr } = await project.bootstrap();
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout.split("\n").slice(-3)).toEqual([
      `gcloud kms keyrings create pulumi --location us-central1 --project ${PROJECT}`,
      "Stopped: PERMISSION_DENIED: Permission denied on resource. This is the second line. Earlier changes stay; fix the cause and run this command again to continue.",
      "",
    ]);
    project.change((state) => {
      delete state.broken;
    });
    expect(await project.bootstrap()).toMatchObject({ code: 0 });
    expect(project.changes[0]).toBe(`kms keyrings create pulumi --location us-central1 --project ${PROJECT}`);
  });

  test("a question that is not answered ends it before anything runs: what may not be seen is not taken for absent", async () => {
    const project = new Project({ broken: "storage buckets describe" });
    expect(await project.bootstrapByProgram()).toEqual({
      code: 2,
      stdout: "",
      stderr: `\`gcloud storage buckets describe ${BUCKET} --project ${PROJECT} --format=json\` must succeed because only what differs is changed (PERMISSION_DENIED: Permission denied on resource. This is the second line); log in as an owner of the project with \`gcloud auth login\`\n`,
    });
    expect(project.changes).toEqual([]);
  });
});

test("bad options are refused together, and gcloud is not asked", async () => {
  const project = new Project();
  expect(
    await project.bootstrap(
      "--only",
      "--project",
      "other-project",
      "--repository",
      "staging'; true",
      "--repository-id",
      "o/n",
    ),
  ).toEqual({
    code: 2,
    stdout: "",
    stderr: [
      "'--project' (other-project) must be netra-staging because the stack staging is in that project, and the accounts get their roles there; set '--project' to netra-staging, or change gcp:project first",
      "'--repository' (staging'; true) must be a repository on GitHub because only its workflows may authenticate; set '--repository' to OWNER/NAME",
      "'--repository-id' (o/n) must be a number because another repository may get the same name later, but not the same number; set '--repository-id' to what `gh api repos/OWNER/NAME --jq .id` prints",
      "",
    ].join("\n"),
  });
  expect(
    await project.bootstrap("--only", "--project", "x", "--repository", "a/b", "--repository-id", "1"),
  ).toMatchObject({
    code: 2,
    stderr:
      "'--project' (x) must be the id of a project because everything is created in it; set '--project' to 6 to 30 lower-case letters, digits and hyphens, as `gcloud projects list` shows it\n",
  });
  expect(project.state.calls).toEqual([]);
});

test("docs/pipelines.md names the options that these tests give", () => {
  const documented = [
    ...readFileSync(join(PROJECT_ROOT, "docs/pipelines.md"), "utf8").matchAll(
      /^npm run --silent bootstrap -- (.*?) #/gm,
    ),
  ].map(([, options]) => options);
  const options = `--project ${PROJECT} --repository OWNER/NAME --repository-id ID`;
  expect(documented).toEqual([`${options} --dry-run`, options]);
});
