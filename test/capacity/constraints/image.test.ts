import { expect, test } from "vitest";
import { registryProblems } from "../../../capacity/constraints/image";

const STAGING = { project: "netra-staging", region: "us-central1" };
const messages = (image: string, service = STAGING) => registryProblems(image, service).map(({ message }) => message);

test("accepts an image of the service's own project and region, and every other registry", () => {
  for (const image of [
    "us-central1-docker.pkg.dev/netra-staging/netra/backend:1.0.0",
    "us-docker.pkg.dev/netra-staging/netra/backend:1.0.0",
    "gcr.io/netra-staging/backend:1.0.0",
    "docker.io/library/nginx:1.27",
    "edoburu/pgbouncer:1.23",
  ])
    expect(messages(image)).toEqual([]);
});

test("names the project and the region that an image was left in", () => {
  const image = "us-central1-docker.pkg.dev/netra-staging/netra/backend:1.0.0";
  const said = (must: string, because: string, fix: string) => [
    `'image' (${image}) must be in ${must} because ${because}; set 'image' to an image in ${fix}`,
  ];
  expect(messages(image, { ...STAGING, region: "europe-west1" })).toEqual(
    said(
      "a repository in europe-west1",
      "it lies in us-central1, and every new revision pulls it from there",
      "europe-west1 of netra-staging",
    ),
  );
  expect(messages(image, { ...STAGING, project: "netra-production" })).toEqual(
    said(
      "a repository of netra-production",
      "it lies in project netra-staging, whose repository the deployer and Cloud Run must be allowed to read",
      "us-central1 of netra-production",
    ),
  );
  expect(messages("europe-docker.pkg.dev/netra-staging/netra/backend:1.0.0")).toHaveLength(1);
});
