import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PROJECT_ROOT } from "../../commands/shared/stack-file";

/* The scripts of `.ci/` that fetch a tool, where what they fetch is missing or another one. */

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "netra-ci-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Puts a program on a PATH of its own. */
const program = (name: string, script: string) =>
  writeFileSync(join(folder, name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });

describe("lint-workflows", () => {
  const script = join(PROJECT_ROOT, ".ci/lint-workflows");
  const lint = (...args: readonly string[]) => {
    for (const name of ["dirname", "mktemp", "rm"]) symlinkSync(`/usr/bin/${name}`, join(folder, name));
    return spawnSync("/bin/bash", [script, ...args], { env: { PATH: folder }, encoding: "utf8" });
  };

  test("reports in a line each that a machine has no zizmor and no actionlint, and fails only where they are required", () => {
    const stdout = [
      "zizmor did not check the workflows: python3 -m pip could not install it",
      "actionlint did not check the workflows: go could not install it",
      "",
    ].join("\n");
    program("python3", "exit 1");
    expect(lint()).toMatchObject({ status: 0, stdout, stderr: "" });
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    expect(lint("--required")).toMatchObject({ status: 1, stdout });
  });

  test.each([
    ["zizmor", 1, 0],
    ["actionlint", 0, 1],
  ])("fails where %s has a finding", (_, zizmor, actionlint) => {
    // `python3 -m venv FOLDER` and `go build -o FILE`, whose tools end with these codes.
    program(
      "python3",
      `/bin/mkdir $3/bin; echo '#!/bin/bash' > $3/bin/pip; echo -e '#!/bin/bash\\nexit ${zizmor}' > $3/bin/zizmor; /bin/chmod +x $3/bin/*`,
    );
    program(
      "go",
      `while [ "$1" != -o ]; do shift; done; echo -e '#!/bin/bash\\nexit ${actionlint}' > $2; /bin/chmod +x $2`,
    );
    expect(lint()).toMatchObject({ status: 1, stdout: "", stderr: "" });
  });

  test("pins both tools with checksums", () => {
    const pinned = readFileSync(join(PROJECT_ROOT, ".ci/requirements.txt"), "utf8");
    expect(pinned.match(/^[^#\s].*$/gm)).toEqual([expect.stringMatching(/^zizmor==\d+\.\d+\.\d+ \\$/)]);
    expect(readFileSync(join(PROJECT_ROOT, ".ci/go.sum"), "utf8")).toMatch(/^github\.com\/rhysd\/actionlint v\S+ h1:/m);
  });
});

// The release is for Linux, and so is the script.
describe.runIf(process.platform === "linux")("install-pulumi", () => {
  const original = readFileSync(join(PROJECT_ROOT, ".ci/install-pulumi"), "utf8");

  /** Runs it where the archive that is fetched is this project's own, with a `pulumi` in it. */
  function installed(script: string) {
    mkdirSync(join(folder, "release/pulumi"), { recursive: true });
    writeFileSync(join(folder, "release/pulumi/pulumi"), "the CLI");
    spawnSync("tar", ["-czf", join(folder, "archive"), "-C", join(folder, "release"), "pulumi"]);
    program("curl", `echo "$@" > ${folder}/asked; while [ "$1" != --output ]; do shift; done; cp ${folder}/archive $2`);
    const archive = readFileSync(join(folder, "archive"));
    writeFileSync(
      join(folder, "script"),
      script.replaceAll("CHECKSUM", createHash("sha256").update(archive).digest("hex")),
    );
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    const { status, stderr } = spawnSync("bash", [join(folder, "script"), join(folder, "out")], {
      env,
      encoding: "utf8",
    });
    return { status, stderr, asked: readFileSync(join(folder, "asked"), "utf8") };
  }

  test("unpacks the release whose checksum it knows", () => {
    const { status, asked } = installed(original.replaceAll(/sha256=[0-9a-f]{64}/g, "sha256=CHECKSUM"));
    expect(status).toBe(0);
    expect(asked).toMatch(
      /https:\/\/get\.pulumi\.com\/releases\/sdk\/pulumi-v\d+\.\d+\.\d+-linux-(x64|arm64)\.tar\.gz\n$/,
    );
    expect(readdirSync(join(folder, "out"))).toEqual(["pulumi"]);
  });

  test("unpacks nothing else", () => {
    const { status, stderr } = installed(original);
    expect(status).toBe(1);
    expect(stderr).toContain("did NOT match");
    expect(readdirSync(folder)).not.toContain("out");
  });

  test("is the only way in which workflows and the development container install it", () => {
    const files = [".github/workflows/ci.yml", ".github/actions/cloud/action.yml", ".devcontainer/Dockerfile"];
    for (const file of files) {
      const text = readFileSync(join(PROJECT_ROOT, file), "utf8");
      expect([file, text.includes("install-pulumi"), /pulumi\/actions|get\.pulumi\.com/.test(text)]).toEqual([
        file,
        true,
        false,
      ]);
    }
  });
});
