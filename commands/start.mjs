import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readdirSync, readSync, renameSync, statSync, writeFileSync } from "node:fs";
import module, { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/*
 * Starts a command from one JavaScript file, which esbuild makes from the sources and which is made again when one of
 * them has changed. A second file beside it is what the threads of a simulation run. Loading a hundred TypeScript files through tsx takes longer than all that `check` computes.
 */

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const FOLDERS = ["capacity", "commands", "components", "config", "engine", "policy", "report"];
const FILES = ["package-lock.json", "stack.ts", "tsconfig.json"];

/**
 * Two folders deep, as the sources are: they find the project's files from there. Not in node_modules, which may be
 * another project's, by a link.
 */
const bundles = join(root, ".cache", "commands");
const bundle = join(bundles, "netra.cjs");

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
    const file = openSync(bundle, "r");
    const start = Buffer.alloc(banner.length);
    readSync(file, start);
    closeSync(file);
    return start.toString("latin1") === banner;
  } catch {
    return false;
  }
}

/** Makes the two files, and puts each into place as a whole: two commands may do so at once. */
async function isMade(banner) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: {
      "storm-thread": join(root, "commands", "shared", "storm-thread.ts"),
      // Last: that it is fresh means that both are.
      netra: join(root, "commands", "cli.ts"),
    },
    bundle: true,
    platform: "node",
    target: "node20",
    packages: "external",
    banner: { js: banner.trimEnd() },
    outdir: bundles,
    outExtension: { ".js": ".cjs" },
    write: false,
    logLevel: "warning",
  });
  try {
    mkdirSync(bundles, { recursive: true });
    for (const { path, contents } of outputFiles) {
      const draft = `${path}.${process.pid}`;
      writeFileSync(draft, contents);
      renameSync(draft, path);
    }
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
