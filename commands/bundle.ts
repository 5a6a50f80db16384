import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { parse, stringify } from "yaml";
import { type InputError, inputError } from "../capacity/problem";
import { command, EXIT, type Runnable } from "./shared/command";
import { makeFolder } from "./shared/folder";
import { PROJECT_ROOT, projectText } from "./shared/stack-file";
import { isDraft, writeFiles } from "./shared/write";

/*
 * The policy pack as a folder that another repository can use: one JavaScript file, and the two packages that Pulumi
 * wants a pack to install for itself.
 */

export function bundleCommand(): Runnable {
  const definition = command(
    "bundle",
    "Writes the policy pack, ready for `--policy-pack`, into a folder of its own.",
  ).argument("<folder>", "where to: a new folder, an empty one, or a bundle that was written before");
  return {
    definition,
    action: async ({ stdout }) => {
      const [folder = ""] = definition.args;
      refuseOthers(folder);
      const files = await bundledPack();
      try {
        makeFolder(folder);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException; // what making throws
        throw wrongFolder(
          folder,
          `must be a folder that can be written because the bundle goes there (${code}); name another one`,
        );
      }
      writeFiles(Object.fromEntries(Object.entries(files).map(([name, content]) => [join(folder, name), content])));
      stdout.write(
        `Wrote ${Object.keys(files).join(", ")} to ${folder}. Then:\n  npm install --prefix ${folder}\n  pulumi preview --policy-pack ${folder}\n`,
      );
      return EXIT.sound;
    },
  };
}

/** Every file of the bundle with its content. */
async function bundledPack(): Promise<Readonly<Record<string, string>>> {
  const project = JSON.parse(projectText("package.json"));
  const pack = JSON.parse(projectText("policy/package.json"));
  const { runtime, ...about } = parse(projectText("policy/PulumiPolicy.yaml"));
  const installed = ["@pulumi/policy", "@pulumi/pulumi"];
  const { outputFiles } = await build({
    entryPoints: [join(PROJECT_ROOT, "policy", pack.main)],
    bundle: true,
    // Pulumi starts the pack with the SDK that is installed beside it, so the bundle must not bring another one.
    external: installed,
    platform: "node",
    target: "node20",
    write: false,
    logLevel: "warning",
  });
  const [main] = outputFiles;
  if (!main) throw new Error("esbuild made no file");
  const dependencies = Object.fromEntries(installed.map((name) => [name, project.dependencies[name]]));
  return {
    // First, because it is what tells a bundle from a folder of others.
    "package.json": `${JSON.stringify({ ...pack, main: "index.js", engines: project.engines, dependencies }, null, 2)}\n`,
    "PulumiPolicy.yaml": stringify({ ...about, runtime: runtime.name }),
    "index.js": main.text,
    "README.md": projectText("policy/README.md"),
    LICENSE: projectText("LICENSE"),
  };
}

/** @throws {InputError} if the folder holds files that are not a bundle's: no other file is overwritten. */
function refuseOthers(folder: string): void {
  const [other] = contentsOf(folder).filter((name) => !isDraft(name));
  if (other === undefined || isBundle(folder)) return;
  throw wrongFolder(
    folder,
    `must be a folder of its own because files of others (${other}) could be written over; name a new one`,
  );
}

function contentsOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // what readdir throws
    if (code === "ENOENT") return [];
    throw wrongFolder(
      folder,
      `must be a folder because the bundle has several files, and it cannot be read as one (${code}); name a new one`,
    );
  }
}

function isBundle(folder: string): boolean {
  try {
    const { name, main } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return name === JSON.parse(projectText("policy/package.json")).name && main === "index.js";
  } catch {
    return false;
  }
}

function wrongFolder(folder: string, rest: string): InputError {
  return inputError("folder", `(${folder}) ${rest}`);
}
