import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { collectingLines } from "../../../commands/shared/cloud/sources";
import { PROJECT_ROOT } from "../../../commands/shared/stack-file";
import { onReference } from "../../stack-settings";
import { type Ended, processOf, stackCommand } from "../child";
import { collectionOf, QUIET_FEED } from "./fixtures";

const diagnose = stackCommand("diagnose");
const saved = (name: Parameters<typeof collectionOf>[0], ...more: string[]) =>
  diagnose("--from", collectionOf(name), "--incidents", QUIET_FEED, ...more);

test("a healthy environment: every question is answered, exit 0", async () => {
  const { code, stdout, stderr } = await saved("healthy");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe(`netra-staging in us-central1: 0 findings, 0 of 12 questions open.
--all shows the reasons, every command and the answers.

SOUND: it can start. All 12 questions are answered, and nothing is wrong. Not
  looked at: values of secrets, IAM policies, load balancers, reserved ranges
  and private services connections, database clients outside Cloud Run.
`);
  const { stdout: whole } = await saved("healthy", "--all");
  expect(whole).toContain(`
Answers:
- instance: staging-shared-postgres: POSTGRES_14, db-custom-1-3840, ENTERPRISE,
  ZONAL
- connector: staging-connector: e2-micro 3..10 in 10.1.0.0/28
`);
  expect(whole).toContain(`
- budget: netra-auth-service (3 + 3) x 3 = 18; netra-backend-staging (5 + 5) x 5
  = 50; reserved 13 + migrations 10 = 23; 91 of 120 (max_connections 150 x 0.8)
- storm: cold-start 100.00 %, rollout-netra-auth-service+netra-backend-staging
  100.00 %, recovery 100.00 %, scale-out 100.00 %
`);
});

describe("the incident", () => {
  const AUTH =
    "gcloud run services update netra-auth-service --project=netra-staging --region=us-central1 --vpc-egress=private-ranges-only --max-instances=3 --update-env-vars=DB_POOL_SIZE=2,DB_MAX_OVERFLOW=1,WEB_CONCURRENCY=1 --update-secrets=POSTGRES_HOST=postgres-host-staging:1,POSTGRES_PASSWORD=postgres-password-staging:2,JWT_SECRET_KEY=jwt-secret-staging:2,SECRET_KEY=secret-key-staging:1 --startup-probe=httpGet.path=/health,httpGet.port=8080,initialDelaySeconds=0,periodSeconds=10,timeoutSeconds=5,failureThreshold=9";
  // `latest` becomes the newest enabled version.
  const BACKEND =
    "gcloud run services update netra-backend-staging --project=netra-staging --region=us-central1 --vpc-egress=private-ranges-only --max-instances=5 --update-env-vars=DB_POOL_SIZE=3,DB_MAX_OVERFLOW=2,WEB_CONCURRENCY=1 --update-secrets=POSTGRES_HOST=postgres-host-staging:1,POSTGRES_PASSWORD=postgres-password-staging:2,JWT_SECRET_KEY=jwt-secret-staging:2,SECRET_KEY=secret-key-staging:1 --startup-probe=httpGet.path=/health/startup,httpGet.port=8000,initialDelaySeconds=0,periodSeconds=10,timeoutSeconds=5,failureThreshold=12 --remove-secrets=JWT_SECRET,JWT_SECRET_STAGING";
  const SQL =
    "gcloud sql instances patch staging-shared-postgres --project=netra-staging --tier=db-custom-1-3840 --database-flags=max_connections=150 --ssl-mode=ENCRYPTED_ONLY --enable-point-in-time-recovery --retained-transaction-log-days=7 --deletion-protection";
  const CONNECTOR =
    "gcloud compute networks vpc-access connectors update staging-connector --project=netra-staging --region=us-central1 --machine-type=e2-micro --min-instances=3 --max-instances=10";
  const FRONTEND =
    "gcloud run services update netra-frontend-staging --project=netra-staging --region=us-central1 --startup-probe=httpGet.path=/health,httpGet.port=3000,initialDelaySeconds=0,periodSeconds=10,timeoutSeconds=5,failureThreshold=3";

  test("the path that cannot work first, then sizes and pools, then latest secrets and TCP probes: exit 1", async () => {
    const { code, stdout, stderr } = await saved("incident", "--json");
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    const { findings, commands, questions, ok } = JSON.parse(stdout);
    const costing = (effect: string) => ({ effect, consequence: expect.any(String) });
    expect(ok).toBe(false);
    expect(
      findings.map(
        ({ stage, resource, rules }: { stage: string; resource: string; rules: string[] }) =>
          `${stage} ${resource}: ${rules.join(", ")}`,
      ),
    ).toEqual([
      "path netra-auth-service: egress-path",
      "path netra-backend-staging: egress-path",
      "capacity staging-shared-postgres: database-dedicated-core",
      "capacity staging-connector: connector-floor",
      "capacity staging-shared-postgres: connection-budget, database-max-connections",
      "capacity staging-shared-postgres: startup-storm",
      "capacity netra-backend-staging: regional-quota",
      "hygiene netra-backend-staging: service-secret-versions",
      "hygiene netra-auth-service: service-secret-versions",
      "hygiene netra-backend-staging: tcp-probe",
      "hygiene netra-auth-service: tcp-probe",
      "hygiene netra-frontend-staging: tcp-probe",
      "hygiene netra-backend-staging: service-jwt-name",
      "hygiene netra-auth-service: capacity-alerts",
      "hygiene netra-backend-staging: capacity-alerts",
      "hygiene netra-frontend-staging: capacity-alerts",
      "hygiene staging-shared-postgres: capacity-alerts",
      "hygiene staging-connector: capacity-alerts",
      "hygiene Load balancer: 4xx: silent-alert",
      "hygiene staging-shared-postgres: database-private",
      "hygiene staging-shared-postgres: database-encrypted",
      "hygiene staging-shared-postgres: database-backups",
      "hygiene staging-shared-postgres: database-deletion-protection",
      "hygiene staging-redis: redis-auth",
      "hygiene netra-backend-staging: service-image",
      "hygiene netra-auth-service: service-image",
      "hygiene netra-frontend-staging: service-image",
    ]);
    expect(findings[0]).toEqual({
      stage: "path",
      rules: ["egress-path"],
      questions: ["path"],
      mendedByUp: true,
      resource: "netra-auth-service",
      evidence: [
        { field: "spec.template.metadata.annotations[run.googleapis.com/vpc-access-egress]", value: "all-traffic" },
      ],
      consequences: [
        "must be PRIVATE_RANGES_ONLY because all-traffic sends every packet into the VPC, which has no way to the internet without Cloud NAT, and the database's public address is on the internet: every dial fails after about 34 s",
      ],
      mend: [AUTH],
    });
    expect(findings[4]).toMatchObject({
      evidence: [{ field: "settings.databaseFlags[max_connections]", value: "not set: 50 on db-g1-small" }],
      mend: [AUTH, BACKEND, SQL],
    });
    expect(commands).toEqual([
      { command: AUTH, cost: [costing("new revision"), costing("access")], mends: [0, 4, 8, 10] },
      { command: BACKEND, cost: [costing("new revision"), costing("access")], mends: [1, 4, 7, 9, 12] },
      { command: SQL, cost: [costing("restart"), costing("restart")], mends: [2, 4, 20, 21, 22] },
      { command: CONNECTOR, cost: [], mends: [3] },
      { command: FRONTEND, cost: [costing("new revision")], mends: [11] },
    ]);
    expect(
      questions.filter(({ status }: { status: string }) => status === "healthy").map(({ key }: { key: string }) => key),
    ).toEqual(["region"]);
    expect(questions.find(({ key }: { key: string }) => key === "maxConnections").answer).toBe(
      "staging-shared-postgres: 50, the tier's default: no flag sets it",
    );
  });

  test("a screen of 80 x 24: the heaviest findings, the verdict, and commands that mend it alone", async () => {
    const { stdout } = await saved("incident");
    expect(stdout).toBe(`netra-staging in us-central1: 27 findings of 17 kinds, 0 of 12 questions open.
--all shows the reasons, every command and the answers.
Down: does not work now. Fix: the commands below
 1. auth and backend: vpc-access-egress = all-traffic (egress-path)
At risk: may fail at the next start, rollout or load. Fix: \`npm run up\`
 2. staging-shared-postgres: tier = db-g1-small (database-dedicated-core)
 3. staging-connector: minInstances = 2 (connector-floor)
 4. staging-shared-postgres: max_connections = not set: 50 on db-g1-small
    (connection-budget, database-max-connections)
 5. staging-shared-postgres: simulated storm cold-start = 0.00 % of 30, lower
    bound 0.00 % (startup-storm)
 6. backend: maxScale = 20 (regional-quota)
Hygiene: should be otherwise
7-16. \`npm run up\` mends these: service-secret-versions, tcp-probe,
    service-jwt-name, capacity-alerts and 6 more
17. --all has the fix of each: silent-alert

DOWN: auth and backend cannot reach the database (all-traffic egress, no Cloud
  NAT, public socket). Run in this order (costs: new revision, access):
gcloud run services update netra-auth-service --project=netra-staging \\
  --region=us-central1 --vpc-egress=private-ranges-only
gcloud run services update netra-backend-staging --project=netra-staging \\
  --region=us-central1 --vpc-egress=private-ranges-only
`);
  });

  test("--all: one group for what is the same, short fields, and each command once", async () => {
    const { stdout } = await saved("incident", "--all");
    expect(stdout).toContain(`
Down: does not work now
 1. netra-auth-service, netra-backend-staging:
    run.googleapis.com/vpc-access-egress = all-traffic (egress-path)
    must be PRIVATE_RANGES_ONLY because all-traffic sends every packet into the
    VPC, which has no way to the internet without Cloud NAT, and the database's
    public address is on the internet: every dial fails after about 34 s
    Fix: its commands below
At risk: may fail at the next start, rollout or load
 2. staging-shared-postgres: settings.tier = db-g1-small
`);
    expect(stdout).toContain("    Fix: what fixes the other findings fixes it, too\n");
    expect(stdout).toContain(`
10. netra-auth-service, netra-backend-staging, netra-frontend-staging,
    staging-shared-postgres, staging-connector: alert policies that notify
    somebody of it = none (capacity-alerts)
    must have an alert because nothing else shows that its capacity runs out
    Fix: \`npm run up\` declares its alerts; 'netra:monitoring.channels' sets who
    is notified
`);
    // One closes no address that services use, and none turns on an AUTH that no client knows.
    expect(stdout).toContain(
      "    Fix: `npm run up` gives it a private address, points every service to it and\n    then closes the public one",
    );
    expect(stdout).toContain(
      "    Fix: `npm run up` turns it on and passes the AUTH string to the services: a\n    command alone would lock them out\n",
    );
    expect(unfolded(stdout)).toContain(`
# for 1, 4, 7 and 8; costs new revision: a new revision takes over while the old
# one finishes its requests; both together hold up to 150 + 9 = 159 connections,
# more than the 18 that the budget counts: if max_connections is to be lowered,
# do it in a later update; WebSockets stay on the old one until they end, and
# access: outgoing traffic changes: with ALL_TRAFFIC it reaches the internet
# through Cloud NAT or not at all, with PRIVATE_RANGES_ONLY from Google's own
# addresses
${AUTH}
# for `);
    expect(unfolded(stdout)).toContain(`
# for 3; costs nothing noticeable
${CONNECTOR}
`);
    expect(stdout).toContain(`
\`npm run up\` would change:
- create service-secret-staging, oauth-hmac-secret-staging, fernet-key-staging,
  postgres-admin-password-staging and 7 more
- staging-subnet: privateIpGoogleAccess: false -> true
- staging-connector: minInstances: 2 -> 3
`);
  });

  test("prints what may be adopted, by the ids that the settings take", async () => {
    const { stdout } = await saved("incident", "--adopt");
    expect(
      stdout.split("\nnetra:adopt:\n")[1]?.split("\n\n")[0],
    ).toBe(`  staging-vpc: projects/netra-staging/global/networks/staging-vpc
  staging-subnet: projects/netra-staging/regions/us-central1/subnetworks/staging-subnet
  staging-connector: projects/netra-staging/locations/us-central1/connectors/staging-connector
  staging-shared-postgres: projects/netra-staging/instances/staging-shared-postgres
  staging-redis: projects/netra-staging/locations/us-central1/instances/staging-redis
  jwt-secret-staging: projects/netra-staging/secrets/jwt-secret-staging
  secret-key-staging: projects/netra-staging/secrets/secret-key-staging
  postgres-password-staging: projects/netra-staging/secrets/postgres-password-staging
  netra-auth-service: projects/netra-staging/locations/us-central1/services/netra-auth-service
  netra-backend-staging: projects/netra-staging/locations/us-central1/services/netra-backend-staging
  netra-frontend-staging: projects/netra-staging/locations/us-central1/services/netra-frontend-staging
  # 'staging-redis' is imported without reservedIpRange because the provider
  # reads back only the effective range, and adding this one later would replace
  # the instance; 'netra:cache.reservedIpRange' must be what the cloud has`);
  });
});

test("a partial collection: what is known is judged, what is not stays open with the line that answers it", async () => {
  const { code, stdout } = await saved("partial", "--all");
  expect(code).toBe(1);
  expect(stdout).toMatch(/^netra-staging in us-central1: 2 findings, 9 of 12 questions open\.\n/);
  expect(stdout).toContain(` 1. netra-backend-staging:
    containers[0].env[JWT_SECRET_KEY].valueFrom.secretKeyRef.key =
    jwt-secret-staging, version 1: DISABLED (secret-version)
`);
  const lines = unfolded(stdout);
  expect(lines).toContain(`
- connector, path, secrets, budget, storm, watched, rest: VPC connectors, Cloud
  Run jobs, alert policies, notification channels, Redis instances, secrets,
  subnetworks: no file shows any of netra-staging
gcloud compute networks vpc-access connectors list --project=netra-staging --region=us-central1 --format=json > connectors.json
gcloud run jobs list --project=netra-staging --region=us-central1 --format=json > jobs.json
gcloud monitoring policies list --project=netra-staging --format=json > alert-policies.json
`);
  // No routers were collected: that there is no NAT must not be claimed, nor that nothing is watched.
  expect(lines).toContain(`- path: netra-backend-staging: all traffic goes into the VPC, and whether it has
  Cloud NAT is unknown
gcloud compute routers list --project=netra-staging --filter=region:us-central1 --format=json > routers.json
`);
  expect(stdout).not.toMatch(/egress-path|capacity-alerts/);
  // A line that can be copied: the quotes are the shell's.
  expect(lines).toContain(
    `do gcloud secrets versions list "$id" --project=netra-staging --format=json > "versions-$id.json"; done\n`,
  );
  expect(stdout).toContain(`
- maxConnections (see the findings): staging-shared-postgres: 100, the tier's
  default: no flag sets it
`);
  expect(stdout).not.toContain("- create ");
  expect(stdout).toContain(
    "Left out:\n- buckets.json has an unknown form, and is left out\n- secret-note.txt is neither JSON nor YAML (--format=json prints it), and is\n  left out\n",
  );
  expect(stdout).not.toContain("hunter2");
});

test("without credentials every question but the feed's is open: exit 1, no stack trace", async () => {
  const { code, stdout, stderr } = await withVariables(
    { GOOGLE_APPLICATION_CREDENTIALS: join(PROJECT_ROOT, "no-such-credentials.json") },
    ["--project", "netra-staging", "--incidents", QUIET_FEED],
  );
  expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  expect(stdout).toBe(`netra-staging in us-central1: 0 findings, 12 of 13 questions open.
--all shows the reasons, every command and the answers.
Open: instance, connector, path, maxConnections, secrets, probes, jwt, budget,
storm, watched, hour, rest.

UNKNOWN: whether it works cannot be judged: 12 of 13 questions are open (Cloud
  SQL instances: no Google credentials here give a token). Run:
gcloud auth application-default login
`);
});

/** Commands as the shell reads them. */
const unfolded = (text: string) => text.replaceAll(" \\\n  ", " ");

test("an empty folder: exit 2", async () => {
  const empty = mkdtempSync(join(tmpdir(), "netra-empty-"));
  const ended = await diagnose("--from", empty);
  rmSync(empty, { recursive: true });
  expect(ended).toEqual({
    code: 2,
    stdout: "",
    stderr: `'--from' (${empty}) must hold collected files because there is nothing to judge in an empty folder; \`npm run diagnose -- --help\` prints the lines that collect them\n`,
  });
});

describe("bad input: exit 2, one line, no stack trace", () => {
  const both = (given: string) =>
    `'--project' and '--from' (${given}) must be exactly one option because it states where to look; give '--project ID' or '--from DIR'\n`;
  test.each<[string, string[], string]>([
    ["neither place", [], both("neither given")],
    ["both places", ["--project", "p", "--from", "."], both("both given")],
    [
      "no such folder",
      ["--from", "none-such"],
      "'--from' (none-such) must be a folder that can be read because the collected files are in it; give another one\n",
    ],
    [
      "no such feed",
      ["--from", ".", "--incidents", "none-such"],
      "'--incidents' (none-such) must be a JSON file that can be read because the incident feed stands there; save https://status.cloud.google.com/incidents.json\n",
    ],
    [
      "a project and a region that Google has none of",
      ["--project", "a; id", "--region", "$(id)"],
      "'--project' (a; id) must be a project's id, in clear text because the names and addresses of the stack contain it; set '--project' to netra-staging\n" +
        "'--region' ($(id)) must be the name of a region, not of a zone because the names and addresses of the stack contain it; set '--region' to us-central1\n",
    ],
    [
      "an unknown option",
      ["--form", "x"],
      "error: unknown option '--form'\n(Did you mean --from?)\n(npm run diagnose -- --help lists the options)\n",
    ],
  ])("%s", async (_, args, stderr) => {
    expect(await diagnose(...args)).toEqual({ code: 2, stdout: "", stderr });
  });
});

test("the help and the documentation have the same collecting lines", async () => {
  const lines = collectingLines({ project: "$PROJECT", region: "$REGION" });
  const { code, stdout } = await diagnose("--help");
  expect(code).toBe(0);
  expect(stdout).toContain(lines.map((line) => `  ${line}\n`).join(""));
  expect(readFileSync(join(PROJECT_ROOT, "docs/diagnose.md"), "utf8")).toContain(
    lines.map((line) => `${line}\n`).join(""),
  );
});

function withVariables(variables: Readonly<Record<string, string>>, args: readonly string[]): Promise<Ended> {
  return processOf("diagnose", { ...process.env, ...variables })(...onReference(args));
}
