import { expect, test } from "vitest";
import { serviceImage } from "../../../../policy/rules/service/service-image";
import { messages, UNKNOWN } from "../../harness";
import { soundJob, soundService, soundServiceV1, soundWorkerPool } from "../../services";

const NAME = "us-central1-docker.pkg.dev/netra-staging/netra/backend";
const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const running = (image: unknown, config: object = {}) =>
  messages(serviceImage, soundService({ container: { image } }), config);
const refused = (value: string, because: string, name: string) =>
  `'template.containers[0].image' (${value}) must be named by digest or by an immutable tag because ${because}; set 'template.containers[0].image' to ${name}@sha256:<digest>, or a version or commit as its tag`;

test("accepts a digest, a version and a commit", async () => {
  for (const suffix of [`@${DIGEST}`, `:latest@${DIGEST}`, ":1.0.0", ":v2.3.4-rc.1", ":4f2a9c1", `:${"a1".repeat(20)}`])
    expect(await running(NAME + suffix)).toEqual([]);
  expect(await running("localhost:5000/backend:1.0.0")).toEqual([]);
});

test("refuses tags that are moved", async () => {
  for (const tag of ["latest", "main", "staging", "v1", "1.0", "feature-x"])
    expect(await running(`${NAME}:${tag}`)).toEqual([
      refused(`${NAME}:${tag}`, `the tag ${tag} can be moved, and the next instance would start another program`, NAME),
    ]);
});

test("matches in linear time, and does not judge by a pattern that it cannot read", async () => {
  const tag = `${"1".repeat(100)}x`;
  expect(await running(`${NAME}:${tag}`, { imageTagPattern: "^(\\d+)+$" })).toHaveLength(1);
  expect(await running(`${NAME}:1.0.0`, { imageTagPattern: "(?=1)" })).toEqual([
    expect.stringContaining("'imageTagPattern' ((?=1)) must be a regular expression in RE2's syntax"),
  ]);
});

test("refuses an image without a tag, the public samples too", async () => {
  for (const image of ["us-docker.pkg.dev/cloudrun/container/hello", "localhost:5000/backend", "nginx"])
    expect(await running(image)).toEqual([
      refused(image, "no tag means latest, and the next instance would start whatever was pushed last", image),
    ]);
});

test("refuses what is no image, and repeats it only where it is empty", async () => {
  const because = "Cloud Run can only run an image it can find";
  for (const absent of [undefined, null, ""])
    expect(await running(absent)).toEqual([refused("empty", because, "REGISTRY/NAME")]);
  for (const odd of [
    `${NAME}@sha256:0123`,
    "user:hunter2@registry/backend",
    "Calling [toString] on an [Output<T>]:1.0.0",
    `${NAME}:1.0.0 `,
  ])
    expect(await running(odd)).toEqual([refused("no image reference", because, "REGISTRY/NAME")]);
});

test("takes the pattern of immutable tags from its configuration", async () => {
  expect(await running(`${NAME}:build-17`, { imageTagPattern: "^build-\\d+$" })).toEqual([]);
  expect(await running(`${NAME}:1.0.0`, { imageTagPattern: "^build-\\d+$" })).toHaveLength(1);
});

test("judges every container of every kind of workload", async () => {
  for (const declare of [soundService, soundJob, soundWorkerPool, soundServiceV1])
    expect((await messages(serviceImage, declare({ sidecars: [{ image: "proxy:latest" }] })))[0]).toMatch(
      /containers\[1\]\.image' \(proxy:latest\)/,
    );
});

test("reports what it cannot evaluate, and goes on with the other containers", async () => {
  expect(
    await messages(serviceImage, soundService({ container: { image: UNKNOWN }, sidecars: [{ image: "proxy" }] })),
  ).toEqual([
    "cannot evaluate: 'template.containers[0].image' is not known at preview; give it a plain value instead of another resource's output",
    expect.stringContaining("'template.containers[1].image' (proxy)"),
  ]);
  expect(await running(["a"])).toEqual(["cannot evaluate: template.containers[0].image must be a text"]);
});
