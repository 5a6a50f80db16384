import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { projectText } from "../../commands/shared/stack-file";
import { EDGE } from "../cloud/edge";
import { PRODUCER } from "../cloud/kinds";
import { blocksIn } from "../fenced-blocks";
import { type Ended, Environment } from "./environment";

const API = "gcp:projects/service:Service";
const CONNECTION = "gcp:servicenetworking/connection:Connection";
const VPC = "projects/netra-staging/global/networks/staging-vpc";

let environment: Environment;
let made: string[];
beforeAll(async () => {
  environment = await Environment.ofStagingThatIsUp();
  made = names();
});
afterAll(() => environment?.remove());

/** What exists, as `type id`. */
const names = () => environment.cloud.all().map(({ type, id }) => `${type} ${id}`);

/** What was deleted since the last call. */
function deleted(): string[] {
  const calls = environment.cloud
    .calls()
    .filter(({ method, phase, error }) => method === "delete" && phase === "end" && error === "");
  environment.cloud.forgetCalls();
  return calls.map(({ type, name }) => `${type} ${name}`);
}

describe("destroy", () => {
  test("is refused at its preview, by every protected resource", async () => {
    const { code, stdout } = await environment.run(["destroy", "--yes"]);
    expect(code).toBe(1);
    const refused = [
      ...stdout.matchAll(
        /^ {4}error: Preview failed: resource ".*::(.+)" cannot be deleted\n {4}because it is protected\./gm,
      ),
    ].map(([, name]) => name);
    expect(refused).toEqual(
      expect.arrayContaining([
        "staging-connector",
        "netra_staging",
        "staging-redis",
        "jwt-secret-staging",
        "openai-api-key-staging",
      ]),
    );
    expect(deleted()).toEqual([]);
  });

  test("is refused by the providers' protection where the preview is skipped and protect is ignored", async () => {
    const { code, stdout } = await environment.run(["destroy", "--yes", "--skip-preview", "--ignore-protect"]);
    expect(code).toBe(1);
    expect(stdout).toContain(
      "error: cannot destroy gcp:cloudrunv2/service:Service without setting deletion_protection=false and running `up`",
    );
    // Load balancer, alerts and objectives, which are made again from the program, come after the services; no data and
    // no service is gone.
    const parts = [
      ...Object.values<string>(EDGE),
      ...["alertPolicy:AlertPolicy", "slo:Slo", "customService:CustomService"].map((type) => `gcp:monitoring/${type}`),
    ];
    expect(deleted().filter((name) => !parts.includes(name.split(" ")[0] ?? ""))).toEqual([]);
    expect(await environment.up()).toMatchObject({ code: 0 });
    environment.cloud.forgetCalls();
    expect(names().toSorted()).toEqual(made.toSorted());
    made = names();
  });
});

describe("the recipe of docs/teardown.md", () => {
  const [, marked = ""] = projectText("docs/teardown.md").split("<!-- teardown recipe -->\n");
  const commands = blocksIn(marked, "sh")[0]?.trim().split("\n") ?? [];
  const ran: Ended[] = [];

  test("consists of the commands that these tests follow", () => {
    expect(commands.map((command) => command.split(" ").slice(0, 3).join(" "))).toEqual([
      "pulumi config set",
      "pulumi up --stack",
      "pulumi state unprotect",
      "pulumi destroy --stack",
      "gcloud compute networks",
      "pulumi destroy --stack",
      "pulumi config rm",
    ]);
  });

  test("takes off the deletion protections with an update that changes nothing else", async () => {
    ran.push(await follow(commands[0]));
    environment.cloud.forgetCalls();
    ran.push(await follow(commands[1]));
    const changes = environment.cloud
      .calls()
      .filter(({ method, phase }) => phase === "end" && ["create", "update", "delete"].includes(method));
    const changed = changes.map(({ method, type, changes: properties }) => `${method} ${type} ${properties.join(" ")}`);
    expect(
      Object.fromEntries(
        [...new Set(changed)].map((change) => [change, changed.filter((other) => other === change).length]),
      ),
    ).toEqual({
      "update gcp:cloudrunv2/service:Service deletionProtection": 3,
      "update gcp:secretmanager/secret:Secret deletionProtection": 14,
      "update gcp:sql/databaseInstance:DatabaseInstance deletionProtection settings": 1,
    });
    environment.cloud.forgetCalls();
    expect(names()).toEqual(made);
  });

  test("is still refused by the engine's protection then", async () => {
    expect(await environment.run(["destroy", "--yes"])).toMatchObject({ code: 1 });
    expect(deleted()).toEqual([]);
  });

  test("ends first at the services connection, which Google holds longer than the database", async () => {
    ran.push(await follow(commands[2]));
    const first = await follow(commands[3]);
    ran.push(first);
    expect(first.stdout).toContain(
      "Failed to delete connection; Producer services (e.g. CloudSQL, Cloud Memstore, etc.) are still using this connection.",
    );
    expect(typesLeft()).toEqual(expect.arrayContaining([PRODUCER, CONNECTION, "gcp:compute/network:Network"]));
    expect(typesLeft()).not.toContain("gcp:sql/databaseInstance:DatabaseInstance");
  });

  test("then deletes everything that the stack made but the APIs, and leaves no resource in the state", async () => {
    for (const command of commands.slice(4)) ran.push(await follow(command));
    expect(ran.map(({ code }) => code)).toEqual([0, 0, 0, 1, 0, 0, 0]);
    expect(typesLeft()).toEqual([API, PRODUCER]);
    expect(names().filter((name) => name.startsWith(API))).toEqual(made.filter((name) => name.startsWith(API)));
    expect(JSON.parse(await environment.state()).deployment.resources ?? []).toEqual([]);
    expect(readFileSync(join(environment.project, "Pulumi.staging.yaml"), "utf8")).not.toContain("teardown");
  });
});

/** Without the twin's own notes. */
const typesLeft = () =>
  [...new Set(environment.cloud.all().flatMap(({ type }) => (type.startsWith("twin:") ? [] : [type])))].toSorted();

/**
 * Runs a line of the recipe, with a person's yes where pulumi asks for it. `gcloud` is the one call that the recipe
 * makes.
 */
async function follow(line = ""): Promise<Ended> {
  const places: Readonly<Record<string, string>> = { STACK: "staging", VPC: "staging-vpc", PROJECT: "netra-staging" };
  const [program, ...words] = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, word = ""]) => quoted ?? places[word] ?? word,
  );
  if (program === "pulumi") return environment.run([...words, ...(words[0] === "config" ? [] : ["--yes"])]);
  expect([program, ...words].join(" ")).toBe(
    "gcloud compute networks peerings delete servicenetworking-googleapis-com --network staging-vpc --project netra-staging --quiet",
  );
  const connections = environment.cloud.ofType(CONNECTION).filter(({ properties }) => properties.network === VPC);
  for (const { type, id } of connections) environment.cloud.remove(type, id);
  return { code: connections.length === 1 ? 0 : 1, stdout: "", stderr: "" };
}
