import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import module, { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/*
 * Starts a command from one JavaScript file, which esbuild makes from the sources and which is made again when one of
 * them has changed. Loading a hundred TypeScript files through tsx takes longer than all that `check` computes.
 */

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const FOLDERS = ["capacity", "commands", "components", "config", "engine", "policy", "report"];
const FILES = ["package-lock.json", "stack.ts", "tsconfig.json"];

/**
 * Two folders deep, as the sources are: they find the project's files from there. Not in node_modules, which may be
 * another project's, by a link.
 */
const bundle = join(root, ".cache", "commands", "netra.cjs");

const require = createRequire(import.meta.url);

/** Of every source its name, size and time: what tells whether the bundle was made from these. */
function digest() {
  const sources = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name)),
  );
  const hash = createHash("sha256");
  for (const file of [...sources, ...FILES.map((file) => join(root, file))]) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return `// ${hash.digest("hex")}\n`;
}

function isFresh(banner) {
  try {
    return readFileSync(bundle, "latin1").startsWith(banner);
  } catch {
    return false;
  }
}

/** Makes the bundle, and puts it into place as a whole: two commands may do so at once. */
async function isMade(banner) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [join(root, "commands", "cli.ts")],
    bundle: true,
    platform: "node",
    target: "node20",
    packages: "external",
    banner: { js: banner.trimEnd() },
    outfile: bundle,
    write: false,
    logLevel: "warning",
  });
  try {
    mkdirSync(dirname(bundle), { recursive: true });
    const draft = `${bundle}.${process.pid}`;
    writeFileSync(draft, outputFiles[0].contents);
    renameSync(draft, bundle);
    return true;
  } catch {
    return false;
  }
}

// Node.js 22 keeps compiled code; on 20 the SDKs are compiled anew each time.
module.enableCompileCache?.(join(root, ".cache", "compiled"));
const banner = digest();
if (isFresh(banner) || (await isMade(banner))) require(bundle).start();
else {
  // Where nothing can be written, each file is compiled as it is loaded.
  await import("tsx");
  require("./cli.ts").start();
}
