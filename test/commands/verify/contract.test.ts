import { expect, test } from "vitest";
import { parse } from "yaml";
import { InputError } from "../../../capacity/problem";
import { readContract } from "../../../commands/verify/contract";
import { fencedBlocks } from "../../fenced-blocks";
import { stagingSettings } from "../../stack-settings";

const SERVICES = { auth: { ingress: "all" }, backend: { ingress: "all" }, worker: { ingress: "internal" } } as const;
const VARIABLES = { VERIFY_EMAIL: "a@example.com", VERIFY_PASSWORD: "correct-horse" };
const HOSTS = { auth: "https://auth.example.com", backend: "https://api.example.com" };

const read = (values: unknown, variables: Readonly<Record<string, string>> = VARIABLES) =>
  readContract(values, { services: SERVICES, variables });

function problems(values: unknown, variables?: Readonly<Record<string, string>>): string[] {
  try {
    read(values, variables);
    return [];
  } catch (error) {
    if (error instanceof InputError) return error.problems.map(({ message }) => message);
    throw error;
  }
}

test("hosts alone are enough: what internal services answer, nobody asks from outside", () => {
  const contract = read({
    hosts: { ...HOSTS, backend: ["https://api.example.com", "https://api2.example.com:8443/"] },
  });
  expect(contract.hosts.backend?.map(({ origin }) => origin)).toEqual([
    "https://api.example.com",
    "https://api2.example.com:8443",
  ]);
  expect(contract).toMatchObject({
    issue: {
      service: "auth",
      path: "/auth/login",
      credentials: { email: "VERIFY_EMAIL", password: "VERIFY_PASSWORD" },
      tokenField: "access_token",
    },
    accept: { auth: "/auth/me", backend: "/api/users/me" },
    webSocket: { service: "backend", path: "/ws", eventField: "type" },
    limits: { requestSeconds: 10, eventsSeconds: 120, attempts: 5, waitSeconds: 2, certificateDays: 14 },
  });
});

test("the example in docs/verify.md is what is assumed where the file says nothing", () => {
  const [example = ""] = fencedBlocks("docs/verify.md", "yaml");
  const stated = parse(example);
  const reader = { services: stagingSettings().services, variables: VARIABLES };
  expect(Object.keys(stated)).toEqual(["hosts", "issue", "accept", "webSocket", "limits"]);
  expect(readContract(stated, reader)).toEqual(readContract({ hosts: stated.hosts }, reader));
});

test("every part of the contract can be another", () => {
  const file = {
    hosts: HOSTS,
    issue: { service: "backend", path: "/token", credentials: { code: "CODE" }, tokenField: "jwt" },
    accept: { auth: "/whoami" },
    webSocket: { service: "auth", path: "/socket", message: { go: true }, eventField: "event" },
    limits: { requestSeconds: 1.5, eventsSeconds: 2, attempts: 1, waitSeconds: 0, certificateDays: 0 },
  };
  const { hosts, ...rest } = read(file, { CODE: "1234" });
  expect(rest).toEqual({ issue: file.issue, accept: file.accept, webSocket: file.webSocket, limits: file.limits });
});

test("all problems of form at once", () => {
  expect(
    problems({
      hosts: { auth: "http://auth.example.com", backend: "https://api.example.com/v1" },
      issue: { path: "//elsewhere.example.com", retries: 3 },
      accept: { backend: "/\\elsewhere.example.com" },
      limits: { requestSeconds: 1e12, attempts: 0 },
      extra: 1,
    }),
  ).toEqual([
    "'hosts.auth' (http://auth.example.com) must be an https origin, like https://api.staging.netrasystems.ai, without path, query and user, or a list of such because the service is requested there; set 'hosts.auth' to https://api.staging.netrasystems.ai",
    "'hosts.backend' (https://api.example.com/v1) must be an https origin, like https://api.staging.netrasystems.ai, without path, query and user, or a list of such because the service is requested there; set 'hosts.backend' to https://api.staging.netrasystems.ai",
    "'issue.path' (//elsewhere.example.com) must begin with one / and have no spaces, no backslash, no query and no fragment because it is the path that takes the credentials in a POST; set 'issue.path' to /auth/login",
    "'issue.retries' must not be set because there is no such setting; docs/verify.md lists all settings",
    "'accept.backend' (/\\\\elsewhere.example.com) must begin with one / and have no spaces, no backslash, no query and no fragment because it is a protected path; set 'accept.backend' to /api/users/me",
    "'limits.requestSeconds' (1000000000000) must be a number of seconds from 0.1 to 3600 because it is one request's, handshake's or upgrade's timeout; set 'limits.requestSeconds' to 10",
    "'limits.attempts' (0) must be a whole number of attempts, at least 1 because it is how often a step is tried, the first time included; set 'limits.attempts' to 5",
    "'extra' must not be set because there is no such setting; docs/verify.md lists all settings",
  ]);
});

test("shows neither a password where its variable's name belongs nor one in an address", () => {
  const found = problems({
    hosts: { auth: "https://user:hunter2@auth.example.com", backend: HOSTS.backend },
    issue: { credentials: { password: "hunter2" } },
  });
  expect(found).toEqual([
    expect.stringMatching(/^'hosts\.auth' \(not shown\) must be an https origin/),
    "'issue.credentials.password' (not shown) must be the name of an environment variable because it is the name of the environment variable that holds the value; set 'issue.credentials.password' to VERIFY_EMAIL",
  ]);
});

test("all problems with the plan and the environment at once", () => {
  expect(
    problems(
      {
        hosts: { auth: HOSTS.auth, analytics: "https://analytics.example.com" },
        accept: { auth: "/me" },
        webSocket: { service: "worker" },
      },
      { VERIFY_EMAIL: "" },
    ),
  ).toEqual([
    "'hosts.analytics' (analytics) must name a service of the plan because the plan holds its paths; use one of auth, backend, worker",
    "'accept' (auth) must have a path of another service than auth because only a second service can show that both share one JWT secret; set 'accept' to such a path, like { backend: /api/users/me }",
    "'hosts.backend' (not set) must be stated because a service without a host cannot be verified; set 'hosts.backend' to the https origin it answers at",
    "'hosts.worker' (not set) must be stated because a service without a host cannot be verified; set 'hosts.worker' to the https origin it answers at",
    "'VERIFY_EMAIL' (empty) must be set in the environment because it is the 'email' that auth issues a token for; set 'VERIFY_EMAIL' to the credentials of a test account",
    "'VERIFY_PASSWORD' (not set) must be set in the environment because it is the 'password' that auth issues a token for; set 'VERIFY_PASSWORD' to the credentials of a test account",
  ]);
});

test.each([[[]], [{}], [{ hosts: "https://api.example.com" }], [{ hosts: { auth: [] } }]])(
  "%j is no hosts file",
  (values) => {
    expect(problems(values)).not.toEqual([]);
  },
);
