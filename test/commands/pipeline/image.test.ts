import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { InputError } from "../../../capacity/problem";
import { withImage } from "../../../commands/pipeline/image";
import { REFERENCE } from "../../stack-settings";

const STAGING = readFileSync(REFERENCE, "utf8");
const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const REGISTRY = "us-central1-docker.pkg.dev/netra-staging";
const IMAGE = `${REGISTRY}/netra/backend@${DIGEST}`;

function problems(text: string, service: string, image: string): string[] {
  try {
    withImage(text, "Pulumi.staging.yaml", service, image, REGISTRY);
    return [];
  } catch (error) {
    if (error instanceof InputError) return error.problems.map(({ message }) => message);
    throw error;
  }
}

describe("the stack file", () => {
  test.each(["auth", "backend", "frontend"])("gets another image for %s, and no other line changes", (service) => {
    const [before, after] = [
      STAGING.split("\n"),
      withImage(STAGING, "Pulumi.staging.yaml", service, IMAGE).split("\n"),
    ];
    expect(after).toHaveLength(before.length);
    expect(after.filter((line, i) => line !== before[i])).toEqual([`      image: ${IMAGE}`]);
  });

  test("keeps the comment behind the image, quotes or none", () => {
    const file = (image: string) =>
      `config:\n  netra:services:\n    web: { image: ${image}, port: 1 } # why\n    api:\n      image: ${image} # of the release\n`;
    expect(withImage(file('"x/y:1"'), "f", "api", IMAGE, REGISTRY)).toBe(
      file('"x/y:1"').replace('image: "x/y:1" # of', `image: ${IMAGE} # of`),
    );
    expect(withImage(file("x/y:1"), "f", "web", IMAGE, REGISTRY)).toBe(
      file("x/y:1").replace("{ image: x/y:1,", `{ image: ${IMAGE},`),
    );
  });

  test("keeps a file as it is written: in one line, with carriage returns, after a byte order mark, with an anchor that nobody uses", () => {
    for (const file of [
      (image: string) => `{"config":{"netra:services":{"api":{"image":${image},"port":1}}}}`,
      (image: string) => `config:\r\n  "netra:services":\r\n    api:\r\n      image: ${image}\r\n`,
      (image: string) => `\ufeffconfig:\n  netra:services:\n    api:\n      image: ${image}`,
      (image: string) => `config: { netra:services: { api: { image: &api ${image} } } }\n`,
    ])
      expect(withImage(file('"x/y:1"'), "f", "api", IMAGE, REGISTRY)).toBe(file(IMAGE));
  });

  test("takes a tag beside the digest, and a registry with a port", () => {
    for (const [image, registry] of [
      [`reg.example:5000/a/b:1.2.3@${DIGEST}`, "reg.example:5000/a/"],
      [`gcr.io/netra-staging/backend@${DIGEST}`, undefined],
    ] as const)
      expect(withImage(STAGING, "f", "backend", image, registry)).toContain(`image: ${image}\n`);
  });
});

describe("what is wrong", () => {
  test("reports it together with the service and the image", () => {
    expect(problems(STAGING, "backnd", `${REGISTRY}/backend:latest`)).toEqual([
      "'SERVICE' (backnd) must be one of auth, backend, frontend because 'netra:services' of Pulumi.staging.yaml has no other service; set 'SERVICE' to backend",
      "'IMAGE' (us-central1-docker.pkg.dev/netra-staging/backend:latest) must name its registry and end with @sha256: and 64 hexadecimal digits because a tag can be moved, and the next instance would then start another image; set 'IMAGE' to REGISTRY/NAME@sha256:DIGEST, as `docker push` and `gcloud builds` print it",
    ]);
  });

  test.each([
    `${REGISTRY}/y@sha256:abc`,
    `${REGISTRY}/y@${DIGEST} # comment`,
    `${REGISTRY}/y\n@${DIGEST}`,
    `${REGISTRY}/Y@${DIGEST}`,
  ])("%j is no image by digest", (image) => {
    expect(problems(STAGING, "backend", image)).toHaveLength(1);
  });

  test.each([
    `backend@${DIGEST}`,
    `docker.io/library/backend@${DIGEST}`,
    `us-central1-docker.pkg.dev/netra-staging-2/netra/backend@${DIGEST}`,
    `us-central1-docker.pkg.dev.example.com/netra-staging/netra/backend@${DIGEST}`,
    `example.com/us-central1-docker.pkg.dev/netra-staging/netra/backend@${DIGEST}`,
    `gcr.io/netra/netra-staging/backend@${DIGEST}`,
  ])("an image that others could push is refused: %s", (image) => {
    expect(() => withImage(STAGING, "f", "backend", image)).toThrow(
      `'IMAGE' (${image}) must be of Artifact Registry in netra-staging because whoever may push to another one could run code here; set 'IMAGE' to one that was pushed there, or trust another registry with --registry`,
    );
  });

  test("a trusted registry replaces the project's, as a whole part of the path", () => {
    expect(() => withImage(STAGING, "f", "backend", IMAGE, "reg.example/netra")).toThrow(
      `'IMAGE' (${IMAGE}) must be of reg.example/netra because --registry trusts no other one; set 'IMAGE' to one of that registry`,
    );
    expect(() => withImage(STAGING, "f", "backend", `reg.example/netra2/b@${DIGEST}`, "reg.example/netra")).toThrow(
      "must be of reg.example/netra because",
    );
  });

  test("a file without services, or one that is no YAML", () => {
    const message =
      "'Pulumi.staging.yaml' must be a stack file with a section 'netra:services' because it holds the service's settings; run `npm run check` to see what is wrong with it";
    for (const text of [
      "",
      "config: {}",
      "config: [",
      "a: 1\na: 2",
      "config:\n  netra:services: [a]\n",
      "config:\n  netra:services: text\n",
      "config: { a: *nothing, netra:services: { backend: { image: x } } }",
    ])
      expect(problems(text, "backend", IMAGE)).toEqual([message]);
  });

  test.each([
    ["a block of lines", "config:\n  netra:services:\n    backend:\n      image: >-\n        a/b:1\n      port: 1\n"],
    [
      "a comment in its place",
      "config:\n  netra:services:\n    backend:\n      image: # comes with the first build\n      port: 1\n",
    ],
    [
      "an anchor that another service uses",
      "config:\n  netra:services:\n    backend: { image: &image a/b:1 }\n    auth: { image: *image }\n",
    ],
    [
      "a service that another one repeats",
      "config:\n  netra:services:\n    backend: &all { image: a/b:1 }\n    auth: *all\n",
    ],
    ["a service without settings", "config:\n  netra:services:\n    backend:\n"],
  ])("%s is not replaced: the file would say something else", (_, text) => {
    expect(problems(text, "backend", IMAGE)).toEqual([
      "'netra:services.backend.image' must be a plain value because it is replaced; write it into Pulumi.staging.yaml on one line, without an anchor or a merge",
    ]);
  });

  test("an image that stands elsewhere is not guessed at", () => {
    const text =
      "config:\n  x: &image a/b:1\n  netra:services:\n    backend: { image: *image }\n    auth: { port: 1 }\n";
    for (const service of ["backend", "auth"])
      expect(problems(text, service, IMAGE)).toEqual([
        `'netra:services.${service}.image' must be a plain value because it is replaced; write it into Pulumi.staging.yaml on one line, without an anchor or a merge`,
      ]);
  });
});
