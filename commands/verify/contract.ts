import { z } from "zod";
import { MOST_SECONDS } from "../../capacity/bounds";
import { cloudRunLimits } from "../../capacity/limits";
import { InputError, type InputProblem, problem } from "../../capacity/problem";
import { amount, complained, complaint, text, whole } from "../../config/fields";
import { shown } from "../../config/references";
import type { ServiceSettings } from "../../config/schema";

/*
 * The hosts file: the hosts of each service, and the assumed HTTP contract of the application, which the file can
 * override (docs/verify.md). It contains no secrets: it names the environment variables that hold the credentials.
 */

function section<T extends z.core.$ZodLooseShape>(meaning: string, shape: T) {
  return z.strictObject(shape, {
    error: complaint({
      must: "be a section",
      because: `it is ${meaning}`,
      example: "its settings, as in docs/verify.md",
    }),
  });
}

function mapping<T extends z.ZodType>(meaning: string, key: RegExp, must: string, value: T) {
  const name = z.string().regex(key, { error: `must be named ${must} because it is ${meaning}; rename it` });
  return z.record(name, value, {
    error: complaint({
      must: "be a section",
      because: `it is ${meaning}`,
      example: "one line each, as in docs/verify.md",
    }),
  });
}

/** A timeout, at most the longest request that Cloud Run allows. */
function timeout(meaning: string, example: number) {
  const { min, max } = { min: 0.1, max: cloudRunLimits.timeoutSeconds.value.max };
  const error = complaint({
    must: `be a number of seconds from ${min} to ${max}`,
    because: `it is ${meaning}`,
    example,
  });
  return z.number({ error }).gte(min, { error }).lte(max, { error });
}

/** A path must stay on its host: URL parsers read `//x` and `/\x` as the host x. */
const path = (meaning: string, example: string) =>
  text(
    meaning,
    example,
    /^\/(?!\/)[^\s?#\\]*$/,
    "begin with one / and have no spaces, no backslash, no query and no fragment",
  );

const originError = complaint({
  must: "be an https origin, like https://api.staging.netrasystems.ai, without path, query and user, or a list of such",
  because: "the service is requested there",
  example: "https://api.staging.netrasystems.ai",
});
const origin = z
  .string()
  .refine((value) => URL.canParse(value) && isOrigin(new URL(value)))
  .transform((value) => new URL(value));
const origins = z.union([z.array(origin).min(1), origin.transform((url) => [url])], { error: originError });

const isOrigin = ({ protocol, username, password, pathname, search, hash }: URL) =>
  protocol === "https:" && username + password + search + hash === "" && pathname === "/";

const variable = text(
  "the name of the environment variable that holds the value",
  "VERIFY_EMAIL",
  /^[A-Z][A-Z0-9_]*$/,
  "be the name of an environment variable",
);
const SERVICE = /^[a-z][a-z0-9-]*$/;

const contract = section("the hosts and what is assumed of the application", {
  hosts: mapping("the origins of each service, by its key in the stack file", SERVICE, "as in the stack file", origins),
  issue: section("how a token is issued", {
    service: text("the service that issues it", "auth").default("auth"),
    path: path("the path that takes the credentials in a POST", "/auth/login").default("/auth/login"),
    credentials: mapping(
      "the fields of the JSON body, each with the variable of its value",
      /^\w+$/,
      "as the endpoint names them",
      variable,
    ).default({
      email: "VERIFY_EMAIL",
      password: "VERIFY_PASSWORD",
    }),
    tokenField: text("the field of the answer that holds the JWT", "access_token").default("access_token"),
  }).prefault({}),
  accept: mapping(
    "a protected path of each service that takes the token in a GET",
    SERVICE,
    "as in the stack file",
    path("a protected path", "/api/users/me"),
  ).default({ auth: "/auth/me", backend: "/api/users/me" }),
  webSocket: section("the WebSocket that agents answer on", {
    service: text("the service that has it", "backend").default("backend"),
    path: path("its path", "/ws").default("/ws"),
    message: z
      .record(z.string(), z.unknown(), {
        error: complaint({
          must: "be a section",
          because: "it is what starts an agent, sent as JSON",
          example: "{ type: user_message }",
        }),
      })
      .default({
        type: "user_message",
        payload: { content: "Verification after a deployment: use one tool and answer in one sentence." },
      }),
    eventField: text("the field that holds an event's name", "type").default("type"),
  }).prefault({}),
  limits: section("how patient the steps are", {
    requestSeconds: timeout("one request's, handshake's or upgrade's timeout", 10).default(10),
    eventsSeconds: timeout("the timeout of an agent's whole answer", 120).default(120),
    attempts: whole("how often a step is tried, the first time included", "attempts", 5).default(5),
    waitSeconds: amount("the first wait between two attempts; it doubles", "seconds", 2, { max: MOST_SECONDS }).default(
      2,
    ),
    certificateDays: whole("how long a certificate must still be valid", "days", 14, 0).default(14),
  }).prefault({}),
});

/** The hosts and the HTTP contract, with defaults. */
export type Contract = z.output<typeof contract>;

/** What the hosts file is checked against. */
export interface ContractContext {
  readonly services: Readonly<Record<string, Pick<ServiceSettings, "ingress">>>;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the content of the hosts file.
 * @throws InputError with every problem: form, unknown settings and services, missing hosts, missing credentials.
 */
export function readContract(values: unknown, { services, variables }: ContractContext): Contract {
  const { data, error } = contract.safeParse(values);
  if (!data) throw new InputError(error.issues.flatMap((issue) => issueProblems(issue, values)));
  const problems = [
    ...serviceProblems(data, services),
    ...hostProblems(data, services),
    ...credentialProblems(data, variables),
  ];
  if (problems.length > 0) throw new InputError(problems);
  return data;
}

function issueProblems(issue: z.core.$ZodIssue, values: unknown): InputProblem[] {
  const setting = issue.path.join(".") || "the hosts file";
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((name) => {
      const unknown = [...issue.path, name].join(".");
      return {
        setting: unknown,
        message: `'${unknown}' must not be set because there is no such setting; docs/verify.md lists all settings`,
      };
    });
  const message = issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  const value = issue.path.reduce<unknown>(
    (value, step) => (value !== null && typeof value === "object" ? Reflect.get(value, step) : undefined),
    values,
  );
  return [complained(setting, mayBeSecret(issue.path, value) ? "not shown" : shown(value), message)];
}

/** A password where its variable's name belongs, and a user in an address. */
const mayBeSecret = (path: readonly PropertyKey[], value: unknown) =>
  typeof value === "string" &&
  value !== "" &&
  ((path[0] === "issue" && path[1] === "credentials") || value.includes("@"));

/** The settings that name a service, with the service. */
const used = ({ issue, accept, webSocket }: Contract): readonly (readonly [setting: string, service: string])[] => [
  ["issue.service", issue.service],
  ...Object.keys(accept).map((service) => [`accept.${service}`, service] as const),
  ["webSocket.service", webSocket.service],
];

function serviceProblems(read: Contract, services: ContractContext["services"]): InputProblem[] {
  const known = Object.keys(services).join(", ");
  const named = [...Object.keys(read.hosts).map((service) => [`hosts.${service}`, service] as const), ...used(read)];
  const unknown = named.flatMap(([setting, service]) =>
    Object.hasOwn(services, service)
      ? []
      : [
          {
            setting,
            message: `'${setting}' (${service}) must name a service of the plan because the plan holds its paths; use one of ${known}`,
          },
        ],
  );
  const others = Object.keys(read.accept).filter((service) => service !== read.issue.service);
  return others.length > 0
    ? unknown
    : [
        ...unknown,
        problem({
          setting: "accept",
          value: Object.keys(read.accept).join(", "),
          must: `have a path of another service than ${read.issue.service}`,
          because: "only a second service can show that both share one JWT secret",
          fix: "such a path, like { backend: /api/users/me }",
        }),
      ];
}

function hostProblems(read: Contract, services: ContractContext["services"]): InputProblem[] {
  const open = Object.entries(services).flatMap(([key, { ingress }]) => (ingress === "internal" ? [] : [key]));
  const wanted = new Set([
    ...open,
    ...used(read).flatMap(([, service]) => (Object.hasOwn(services, service) ? [service] : [])),
  ]);
  return [...wanted].flatMap((service) =>
    Object.hasOwn(read.hosts, service)
      ? []
      : [
          problem({
            setting: `hosts.${service}`,
            value: undefined,
            must: "be stated",
            because: "a service without a host cannot be verified",
            fix: "the https origin it answers at",
          }),
        ],
  );
}

function credentialProblems({ issue }: Contract, variables: ContractContext["variables"]): InputProblem[] {
  return Object.entries(issue.credentials).flatMap(([field, name]) =>
    (variables[name] ?? "") === ""
      ? [
          problem({
            setting: name,
            value: variables[name],
            must: "be set in the environment",
            because: `it is the '${field}' that ${issue.service} issues a token for`,
            fix: "the credentials of a test account",
          }),
        ]
      : [],
  );
}
