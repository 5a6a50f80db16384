import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROJECT_ROOT } from "../../../commands/shared/stack-file";
import { REFERENCE } from "../../stack-settings";
import { commandNamed } from "../child";

const image = commandNamed("image");
const IMAGE = `us-central1-docker.pkg.dev/netra-staging/netra/backend@sha256:${"ab".repeat(32)}`;

let file = "";
beforeAll(() => {
  file = join(mkdtempSync(join(tmpdir(), "netra-image-")), "Pulumi.staging.yaml");
  copyFileSync(REFERENCE, file);
});
afterAll(() => rmSync(join(file, ".."), { recursive: true }));

test("writes the image, and leaves the file alone where it is there already", async () => {
  expect(await image("--config-file", file, "--", "backend", IMAGE)).toEqual({
    code: 0,
    stdout: `${file}: backend now has ${IMAGE}\n`,
    stderr: "",
  });
  expect(readFileSync(file, "utf8")).toContain(`      image: ${IMAGE}\n      port: 8000\n`);
  utimesSync(file, 1, 1);
  expect(await image("--config-file", file, "backend", IMAGE)).toEqual({
    code: 0,
    stdout: `${file}: backend has that image already\n`,
    stderr: "",
  });
  expect(statSync(file).mtimeMs).toBe(1000);
});

test("takes the images of another registry where that one is trusted", async () => {
  const trusted = IMAGE.replace("us-central1-docker.pkg.dev/netra-staging", "ghcr.io/netra");
  expect(await image("--config-file", file, "backend", trusted)).toMatchObject({ code: 2 });
  expect(await image("--config-file", file, "--registry", "ghcr.io/netra", "backend", trusted)).toMatchObject({
    code: 0,
  });
});

test("of two services at once are both kept", async () => {
  const images = ["auth", "backend", "frontend"].map((service) => [service, IMAGE.replace("ab", "cd")] as const);
  await Promise.all(images.map(([service, image_]) => image("--config-file", file, service, image_)));
  expect(readFileSync(file, "utf8").split(IMAGE.replace("ab", "cd"))).toHaveLength(4);
  expect(readdirSync(join(file, ".."))).toEqual(["Pulumi.staging.yaml"]);
});

test("bad input changes nothing: exit 2, all problems, no stack trace", async () => {
  const before = readFileSync(file, "utf8");
  const { code, stdout, stderr } = await image("--config-file", file, "web", "web:latest");
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr.split("\n").map((line) => line.split(" ")[0])).toEqual(["'SERVICE'", "'IMAGE'", "'IMAGE'", ""]);
  expect(readFileSync(file, "utf8")).toBe(before);
  expect(await image("--stack", "none", "backend", IMAGE)).toMatchObject({
    code: 2,
    stderr: `'--stack' (${join(PROJECT_ROOT, "Pulumi.none.yaml")}) must be a file that can be read because the image is written there; name a stack file that exists\n`,
  });
});
