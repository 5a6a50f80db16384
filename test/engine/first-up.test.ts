import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { plannedImages } from "../../commands/preflight/image-reference";
import { type Preflight, preflight } from "../../commands/preflight/preflight";
import { collectFromFiles } from "../../commands/shared/cloud/collect-files";
import { deployedFrom } from "../../commands/shared/cloud/deployed";
import { readSettings } from "../../config/read";
import { readPreview } from "../../engine/preview";
import { staging } from "../../stack";
import { addVersion, kinds } from "../cloud/kinds";
import {
  freshProject,
  type Project,
  LOCATION as SAVED_PLACE,
  save,
  secretObject,
  versionObject,
} from "../commands/preflight/project";
import { stagingConfiguration } from "../stack-settings";
import { Environment, PACK } from "./environment";

/* A first update takes two commands: `preflight`, until it says that the project is ready, and `up`. */

const SECRET = "gcp:secretmanager/secret:Secret";
const adopt: Record<string, string> = {};
/** The secrets that people have made so far. */
const made: string[] = [];

let environment: Environment;
beforeAll(async () => {
  environment = await Environment.of(async () => ({ ...staging() }), stagingConfiguration());
});
afterAll(() => environment?.remove());

/** What `preflight` says of a project in which there is nothing but images and what people have made. */
async function asked(): Promise<Preflight> {
  const { code, stdout, stderr } = await environment.preview("--json", "--policy-pack", PACK);
  expect(code, stderr).toBe(0);
  const settings = readSettings(stagingConfiguration({ "netra:adopt": adopt }));
  const fresh = freshProject(settings);
  const publicOnes = new Map(plannedImages(settings).map(({ image }) => [image, true]));
  const project: Project = {
    ...fresh,
    secrets: made.map(secretObject),
    items: { ...fresh.items, versions: Object.fromEntries(made.map((id) => [id, [versionObject(id, 1)]])) },
  };
  const folder = save(project, settings);
  try {
    const { collection, deployed, notes } = deployedFrom(collectFromFiles(folder, settings), settings);
    return preflight(
      {
        settings,
        collection,
        deployed,
        preview: readPreview(stdout, "preview.json", "staging"),
        publicImages: publicOnes,
      },
      [],
      notes,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Does what a printed line says, in the twin of the cloud and in the stack file. */
function follow(line: string): void {
  const [, id = "", value = ""] =
    /^gcloud secrets create (\S+) /.exec(line) ??
    /^gcloud secrets versions add (\S+) /.exec(line) ??
    /^add 'netra:adopt\.(\S+)' as (\S+)$/.exec(line) ??
    [];
  if (line.startsWith("gcloud secrets create ")) {
    const inputs = { secretId: id, project: SAVED_PLACE.project, replication: { auto: {} } };
    const kind = kinds[SECRET];
    if (!kind) throw new Error("the twin knows no secrets");
    const own = kind.id(inputs, SAVED_PLACE, environment.cloud);
    environment.cloud.put({
      type: SECRET,
      id: own,
      properties: { ...inputs, ...kind.computed(inputs, SAVED_PLACE, own, {}) },
    });
    made.push(id);
  } else if (line.startsWith("gcloud secrets versions add "))
    addVersion(environment.cloud, id, `issued elsewhere for ${id}`);
  else if (line.startsWith("add ")) adopt[id] = value;
  else throw new Error(`nobody here can follow: ${line}`);
}

test("preflight asks for the values that people own, and what it prints is enough", async () => {
  const { ok, checks } = await asked();
  expect(ok).toBe(false);
  expect(checks.filter(({ status }) => status !== "fine").map(({ key }) => key)).toEqual(["secrets"]);
  for (const { mend } of checks.flatMap(({ answers }) => answers.filter(({ status }) => status === "wrong")))
    for (const line of mend) follow(line);
  expect(made.length).toBe(6);
  environment.configure(stagingConfiguration({ "netra:adopt": adopt }));
  const again = await asked();
  expect(again.checks.filter(({ status }) => status !== "fine")).toEqual([]);
  expect(again.ok).toBe(true);
});

test("up then makes everything at once", async () => {
  const { code, stdout } = await environment.up("--policy-pack", PACK);
  expect(code, stdout).toBe(0);
  expect(environment.cloud.ofType("gcp:cloudrunv2/service:Service").map(({ properties }) => properties.name)).toEqual([
    "netra-auth-service",
    "netra-backend-staging",
    "netra-frontend-staging",
  ]);
});
