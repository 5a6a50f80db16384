import { describe, expect, test } from "vitest";
import { readContract } from "../../../commands/verify/contract";
import { verificationText } from "../../../commands/verify/format";
import { type Verification, verify } from "../../../commands/verify/smoke-test";
import type { Monitoring } from "../../../commands/verify/startups";
import { stagingSettings } from "../../stack-settings";
import { type Application, applications, type Behaviour, CREDENTIALS, EVENTS } from "./application";

const { start, authority } = applications();
const settings = stagingSettings();
/** So long that only what is to hang ever waits for them. */
const LIMITS = { requestSeconds: 20, eventsSeconds: 20, attempts: 2, waitSeconds: 0.01 };
/** For tests that wait for what hangs, while everything else must come in time on a busy machine, too. */
const IMPATIENT = { ...LIMITS, requestSeconds: 1 };

const withoutCredentials: Monitoring = {
  endpoint: "http://localhost:1",
  // What google-auth-library 10 says, begins like this.
  authorization: () => Promise.reject(new Error("Could not load the default credentials. Browse to ...")),
};

async function verdictOf(
  application: Pick<Application, "hosts">,
  limits: object = LIMITS,
  file: object = {},
  monitoring: Monitoring = withoutCredentials,
): Promise<Verification> {
  const contract = readContract(
    { hosts: application.hosts, limits, ...file },
    { services: settings.services, variables: CREDENTIALS },
  );
  return verify({ contract, settings }, { variables: CREDENTIALS, ca: authority().ca, monitoring });
}

/** Steps by name, ports taken out of the names. */
const outcomes = ({ steps }: Verification) =>
  Object.fromEntries(steps.map(({ name, outcome }) => [name.replaceAll(/localhost:\d+/g, "HOST"), outcome]));

/** The one step that failed. */
function failure(verdict: Verification) {
  const failed = verdict.steps.filter(({ outcome }) => outcome === "failed");
  expect(failed).toHaveLength(1);
  expect(verdict.ok).toBe(false);
  const [{ name, found, means, lookAt, attempts } = { name: "", found: "", means: "", lookAt: "", attempts: 0 }] =
    failed;
  return { name: name.replaceAll(/localhost:\d+/g, "HOST"), found, means, lookAt, attempts };
}

const misbehaving = async (behaviour: Behaviour, limits?: object) => {
  const application = await start(behaviour);
  return { application, verdict: await verdictOf(application, limits) };
};

/** What cannot be tried where the backend is not healthy. */
const NOT_TRIED_WITHOUT_BACKEND = {
  "token issued by auth": "proven",
  "token accepted by auth": "proven",
  "token accepted by backend": "not-tried",
  "upgrade of wss://HOST/ws": "not-tried",
  "agent events in order": "not-tried",
};

test("proves every step on an application that behaves, and leaves open what needs credentials", async () => {
  const application = await start();
  const verdict = await verdictOf(application);
  expect(verdict.ok).toBe(true);
  expect(verdict.steps.map(({ name, outcome }) => [name.replaceAll(/localhost:\d+/g, "HOST"), outcome])).toEqual([
    ["certificate of HOST", "proven"],
    ["GET https://HOST/health", "proven"],
    ["certificate of HOST", "proven"],
    ["GET https://HOST/health/startup", "proven"],
    ["GET https://HOST/health", "proven"],
    ["certificate of HOST", "proven"],
    ["GET https://HOST/health", "proven"],
    ["token issued by auth", "proven"],
    ["token accepted by auth", "proven"],
    ["token accepted by backend", "proven"],
    ["upgrade of wss://HOST/ws", "proven"],
    ["agent events in order", "proven"],
    ["start-up success", "open"],
  ]);
  expect(application.messages).toEqual([
    JSON.stringify({
      type: "user_message",
      payload: { content: "Verification after a deployment: use one tool and answer in one sentence." },
    }),
  ]);
  expect(verificationText(verdict, { width: 80, colour: false })).toMatch(
    /^proven {5}certificate of localhost:\d+: valid until 20\d\d-\d\d-\d\d, covers\n? +localhost\n[\s\S]*\n\nPASSED: everything that could be checked; 1 open\.\n$/,
  );
});

test("credentials that Google does not take leave the run without its proof", async () => {
  const verdict = await verdictOf(
    await start(),
    LIMITS,
    {},
    { ...withoutCredentials, authorization: () => Promise.reject(new Error("invalid_grant")) },
  );
  expect(verdict.ok).toBe(false);
  expect(verificationText(verdict, { width: 80, colour: false })).toMatch(
    /\n\nFAILED: the smoke test, with 1 open\.\n$/,
  );
});

test("prints nothing that is secret", async () => {
  const everything = await Promise.all([
    start(),
    start({ secrets: { backend: "another" } }),
    start({ issue: { status: 200, body: '{"access_token": "hunter2"}' } }),
  ]);
  const texts = await Promise.all(everything.map(async (application) => JSON.stringify(await verdictOf(application))));
  for (const text of texts) expect(text).not.toMatch(/correct-horse|hunter2|eyJ/);
});

test("the incident: two JWT secrets", async () => {
  const { verdict } = await misbehaving({ secrets: { auth: "JWT_SECRET_STAGING", backend: "JWT_SECRET_KEY" } });
  expect(failure(verdict)).toEqual({
    name: "token accepted by backend",
    found: "answered 401 to the token that auth has just issued",
    means:
      "auth and backend do not share one JWT secret: different versions or variables, or a revision from before a rotation",
    lookAt:
      "the reference behind JWT_SECRET_KEY in the serving revisions of both (npm run diagnose), and 'version' of JWT_SECRET_KEY in netra:secrets",
    attempts: 1,
  });
  expect(outcomes(verdict)).toMatchObject({
    "token accepted by auth": "proven",
    "upgrade of wss://HOST/ws": "not-tried",
    "agent events in order": "not-tried",
  });
});

test("distinguishes auth that refuses its own token from two secrets", async () => {
  const { verdict } = await misbehaving({ issue: { status: 200, body: '{"access_token": "signed.by.nobody"}' } });
  expect(verdict.steps.filter(({ outcome }) => outcome === "failed")).toMatchObject([
    {
      name: "token accepted by auth",
      found: "answered 401 to the token that auth has just issued",
      means:
        "auth refuses its own token: two of its revisions serve with different JWT secrets, or the account may not use this endpoint",
    },
    { name: "token accepted by backend" },
  ]);
});

test("a backend that takes any token proves nothing", async () => {
  const { verdict } = await misbehaving({ isProtected: false, upgrade: "none" });
  expect(verdict.steps.filter(({ name }) => name === "token accepted by backend")).toMatchObject([
    { outcome: "failed", found: "answered 200 to the token with another signature as well" },
  ]);
  expect(outcomes(verdict)).toMatchObject({ "upgrade of wss://HOST/ws": "not-tried" });
});

test.each([
  ["other names", ["other.example"], 90, /^its names \(DNS:other\.example\) do not cover localhost$/],
  ["an end that has come", ["localhost"], -10, /^it expired on 20\d\d-\d\d-\d\d$/],
  ["an end that is near", ["localhost"], 10, /^it expires on 20\d\d-\d\d-\d\d$/],
  [
    "both",
    ["other.example"],
    -10,
    /^its names \(DNS:other\.example\) do not cover localhost; it expired on 20\d\d-\d\d-\d\d$/,
  ],
])("a certificate with %s", async (_, names, days, found) => {
  const { application, verdict } = await misbehaving({
    certificates: { backend: await authority().certificate(names, days) },
  });
  expect(failure(verdict)).toMatchObject({
    name: "certificate of HOST",
    found: expect.stringMatching(found),
    attempts: 1,
  });
  expect(outcomes(verdict)).toMatchObject({
    "GET https://HOST/health/startup": "not-tried",
    ...NOT_TRIED_WITHOUT_BACKEND,
  });
  expect(application.requests.filter((request) => request.includes("backend"))).toEqual([]);
});

test("a certificate whose time has not begun", async () => {
  const { verdict } = await misbehaving({
    certificates: { backend: await authority().certificate(["localhost"], 90, -10) },
  });
  expect(failure(verdict)).toMatchObject({
    name: "certificate of HOST",
    found: "its chain is not valid (CERT_NOT_YET_VALID)",
    means: "clients refuse it: by this machine's clock, it is not valid yet",
  });
});

test("a certificate of an authority that nobody trusts", async () => {
  const application = await start();
  const contract = readContract(
    { hosts: application.hosts, limits: LIMITS },
    { services: settings.services, variables: CREDENTIALS },
  );
  const verdict = await verify({ contract, settings }, { variables: CREDENTIALS, monitoring: withoutCredentials });
  expect(verdict.steps.filter(({ outcome }) => outcome === "failed").map(({ found }) => found)).toEqual(
    Array(3).fill("its chain is not valid (UNABLE_TO_VERIFY_LEAF_SIGNATURE)"),
  );
  expect(verdict.steps.filter(({ outcome }) => outcome === "proven")).toEqual([]);
  expect(application.requests).toEqual([]);
});

test("503 that stays is tried again and fails; its dependents are not tried", async () => {
  const { application, verdict } = await misbehaving({ health: { "backend /health/startup": [503] } });
  expect(failure(verdict)).toEqual({
    name: "GET https://HOST/health/startup",
    found: "answered 503",
    means: "no instance is ready to answer: starts fail, or running instances crash",
    lookAt: "the log of backend for failed start-up probes, exit code 3 and SQLSTATE 53300; npm run diagnose",
    attempts: 2,
  });
  expect(outcomes(verdict)).toMatchObject(NOT_TRIED_WITHOUT_BACKEND);
  expect(application.requests.filter((request) => request === "GET backend /health/startup")).toHaveLength(2);
  expect(verdict.steps.find(({ name }) => name === "token accepted by backend")?.found).toMatch(
    /^needs "GET https:\/\/localhost:\d+\/health\/startup", which is not proven$/,
  );
  expect(verificationText(verdict, { width: 80, colour: false })).toMatch(
    /\n\nFAILED: the smoke test, with 1 failed, 1 open, 3 not tried\.\n$/,
  );
});

test("503 that passes is waited for", async () => {
  const { verdict } = await misbehaving({ health: { "backend /health/startup": [503, 200] } });
  expect(verdict.ok).toBe(true);
  expect(verdict.steps.find(({ name }) => name.endsWith("/health/startup"))).toMatchObject({
    outcome: "proven",
    found: "answered 200",
    attempts: 2,
  });
});

test.each([
  [404, "answered 404", 1],
  [403, "answered 403", 1],
  [302, "answered 302", 1],
  [429, "answered 429", 2],
])("health that answers %d", async (status, found, attempts) => {
  const { verdict } = await misbehaving({ health: { "frontend /health": [status] } });
  expect(failure(verdict)).toMatchObject({ name: "GET https://HOST/health", found, attempts });
});

test("health whose body never ends is judged by its status", async () => {
  const { verdict } = await misbehaving({ health: { "backend /health/startup": ["endless"] } });
  expect(verdict.ok).toBe(true);
  expect(verdict.steps.find(({ name }) => name.endsWith("/health/startup"))).toMatchObject({
    outcome: "proven",
    found: "answered 200",
    attempts: 1,
  });
});

test("a port where nothing listens", async () => {
  const { hosts } = await start();
  const verdict = await verdictOf({ hosts: { ...hosts, frontend: "https://localhost:1" } });
  expect(failure(verdict)).toEqual({
    name: "certificate of HOST",
    found: "the connection failed (ECONNREFUSED)",
    means: "nothing listens at that address: no forwarding rule for this port, or the name resolves to another address",
    lookAt:
      "the address that localhost resolves to, and the load balancer's: gcloud compute forwarding-rules list --global",
    attempts: 2,
  });
  // The frontend issues no token: the rest of the path is walked.
  expect(outcomes(verdict)).toMatchObject({ "agent events in order": "proven" });
});

test("a name without an address", async () => {
  const { hosts } = await start();
  const verdict = await verdictOf({ hosts: { ...hosts, frontend: "https://nowhere.invalid" } });
  // The second where this machine has no resolver.
  expect(failure(verdict).found).toMatch(/^the connection failed \((ENOTFOUND|EAI_AGAIN)\)$/);
});

test("every host of a service is asked", async () => {
  const { hosts } = await start();
  const second = await start({ health: { "frontend /health": [404] } });
  const verdict = await verdictOf({ hosts }, LIMITS, {
    hosts: { ...hosts, frontend: [hosts.frontend, second.hosts.frontend] },
  });
  expect(failure(verdict).found).toBe("answered 404");
  expect(verdict.steps.filter(({ name }) => name.startsWith("certificate"))).toHaveLength(4);
});

test.each([
  [
    "refused credentials",
    { status: 401, body: "" },
    "answered 401",
    "the variables VERIFY_EMAIL, VERIFY_PASSWORD; 'issue' in the hosts file; the log of auth",
    1,
  ],
  [
    "no token",
    { status: 200, body: "{}" },
    "answered 200 without a JWT in 'access_token'",
    "'issue.path' and 'issue.tokenField' in the hosts file",
    1,
  ],
  [
    "no JSON",
    { status: 200, body: "<html>" },
    "answered 200 without a JWT in 'access_token'",
    "'issue.path' and 'issue.tokenField' in the hosts file",
    1,
  ],
  [
    "500",
    { status: 500, body: "" },
    "answered 500",
    "the log of auth for failed start-up probes, exit code 3 and SQLSTATE 53300; npm run diagnose",
    2,
  ],
])("auth that issues %s", async (_, issue, found, lookAt, attempts) => {
  const { verdict } = await misbehaving({ issue });
  expect(failure(verdict)).toMatchObject({ name: "token issued by auth", found, lookAt, attempts });
  expect(outcomes(verdict)).toMatchObject({
    "token accepted by auth": "not-tried",
    "token accepted by backend": "not-tried",
    "upgrade of wss://HOST/ws": "not-tried",
  });
});

test.each([
  ["404", { upgrade: 404 }, "answered 404 instead of 101", 1],
  ["200", { upgrade: 200 }, "answered 200 instead of 101", 1],
  ["401", { upgrade: 401 }, "answered 401 instead of 101", 1],
  ["503", { upgrade: 503 }, "answered 503", 2],
  ["404, as a server without WebSockets does", { upgrade: "none" }, "answered 404 instead of 101", 1],
] as const)("an upgrade that is answered %s", async (_, behaviour, found, attempts) => {
  const { verdict } = await misbehaving(behaviour);
  expect(failure(verdict)).toMatchObject({ name: "upgrade of wss://HOST/ws", found, attempts });
  expect(outcomes(verdict)).toMatchObject({
    "token accepted by backend": "proven",
    "agent events in order": "not-tried",
  });
});

const typed = (...types: readonly string[]) => types.map((type) => ({ type }));

test("events may come again, with others between, beside texts that are no JSON", async () => {
  const events = [
    "pong",
    ...typed(
      "agent_started",
      "agent_thinking",
      "tool_executing",
      "tool_completed",
      "agent_thinking",
      "tool_executing",
      "tool_completed",
      "agent_completed",
    ),
  ];
  expect((await misbehaving({ events })).verdict.ok).toBe(true);
});

test.each([
  [
    "a missing one",
    typed("agent_started", "agent_thinking", "agent_completed"),
    "agent_started, agent_thinking, agent_completed came; missing: tool_executing, tool_completed",
  ],
  [
    "another order",
    typed("agent_started", "tool_executing", "agent_thinking", "tool_completed", "agent_completed"),
    "the events came as agent_started, tool_executing, agent_thinking, tool_completed, agent_completed",
  ],
])("events with %s", async (_, events, found) => {
  const { application, verdict } = await misbehaving({ events });
  expect(failure(verdict)).toMatchObject({ name: "agent events in order", found, attempts: 1 });
  expect(application.messages).toHaveLength(1);
});

test("a connection that is closed amid the events", async () => {
  const { verdict } = await misbehaving({ events: typed("agent_started"), close: 1011 });
  expect(failure(verdict)).toMatchObject({
    found:
      "agent_started came before the connection was closed (1011); missing: agent_thinking, tool_executing, tool_completed, agent_completed",
    means: "the agent started but did not complete: it hangs at the next step, or its instance died",
  });
});

// They only wait: all at once.
describe.concurrent("waits no longer than its limit for", () => {
  test("health that hangs", async () => {
    const { verdict } = await misbehaving({ health: { "backend /health/startup": ["hang"] } }, IMPATIENT);
    expect(failure(verdict)).toMatchObject({
      name: "GET https://HOST/health/startup",
      found: "no answer before the timeout",
      means:
        "the host accepts the connection but the application does not answer: it waits for a database connection, or it never started",
      attempts: 2,
    });
  });

  test("an upgrade that hangs", async () => {
    const { verdict } = await misbehaving({ upgrade: "hang" }, IMPATIENT);
    expect(failure(verdict)).toMatchObject({
      name: "upgrade of wss://HOST/ws",
      found: "no upgrade before the timeout",
      attempts: 2,
    });
  });

  test.each([
    [
      "some",
      typed(...EVENTS.slice(0, 2)),
      "agent_started, agent_thinking came before the timeout; missing: tool_executing, tool_completed, agent_completed",
    ],
    ["none", [], `no event came before the timeout; missing: ${EVENTS.join(", ")}`],
  ])("an agent that sends %s of its events in time", async (_, events, found) => {
    const { verdict } = await misbehaving({ events }, { ...LIMITS, eventsSeconds: 2 });
    expect(failure(verdict)).toMatchObject({ name: "agent events in order", found, attempts: 1 });
  });
});
