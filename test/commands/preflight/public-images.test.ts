import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { publicImages } from "../../../commands/preflight/public-images";

/* A local registry that asks everybody for a token first, as Docker Hub does. */

const DIGEST = `sha256:${"a".repeat(64)}`;
let asked: string[] = [];
let status = 200;
const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  asked.push(`${request.method} ${request.url}`);
  if (request.url?.startsWith("/token")) return response.end(JSON.stringify({ token: "anybody" }));
  if (request.headers.authorization === "Bearer anybody" || status !== 200) return response.writeHead(status).end();
  const realm = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`; // it listens on TCP
  return response
    .writeHead(401, {
      "www-authenticate": `Bearer realm="${realm}",service="registry",scope="repository:library/postgres:pull"`,
    })
    .end();
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
  status = 200;
});

const registries = { endpoint: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`, timeoutSeconds: 5 };
const found = async (image: string, of: Parameters<typeof publicImages>[1] = registries) => [
  ...(await publicImages([{ setting: "s", image }], of)),
];

test("an image that exists, with a token for anybody and without a request that changes something", async () => {
  const image = `docker.io/library/postgres:14-alpine@${DIGEST}`;
  expect(await found(image)).toEqual([[image, true]]);
  expect(asked).toEqual([
    `HEAD /v2/library/postgres/manifests/${DIGEST}`,
    "GET /token?service=registry&scope=repository%3Alibrary%2Fpostgres%3Apull",
    `HEAD /v2/library/postgres/manifests/${DIGEST}`,
  ]);
});

test.each([
  ["postgres", "HEAD /v2/library/postgres/manifests/latest"],
  ["postgres:14.23", "HEAD /v2/library/postgres/manifests/14.23"],
  ["somebody/tool:1", "HEAD /v2/somebody/tool/manifests/1"],
  ["quay.io/somebody/tool:1", "HEAD /v2/somebody/tool/manifests/1"],
])("%s is looked for at its registry", async (image, request) => {
  await found(image);
  expect(asked[0]).toBe(request);
});

test.each<[string, number, string, boolean | string]>([
  ["that is not there", 404, "postgres:99", false],
  ["that nobody may see, which Cloud Run pulls as nobody", 403, "somebody/secret:1", false],
  [
    "of Google's old registry, which may know the project's accounts",
    403,
    "gcr.io/netra-staging/backend:1",
    "gcr.io shows it to authenticated users only",
  ],
  ["of a registry that has enough of it", 429, "postgres:14", "registry-1.docker.io answered 429"],
])("an image %s", async (_, answer, image, expected) => {
  status = answer;
  expect(await found(image)).toEqual([[image, expected]]);
});

test("no one listens", async () => {
  const nowhere = { endpoint: () => "http://127.0.0.1:1", timeoutSeconds: 5 };
  expect(await found("postgres:14", nowhere)).toEqual([["postgres:14", "registry-1.docker.io cannot be reached"]]);
});

test("images of Artifact Registry are not asked for here", async () => {
  expect(await found("us-central1-docker.pkg.dev/netra-staging/netra/auth:1.0.0")).toEqual([]);
  expect(asked).toEqual([]);
});
