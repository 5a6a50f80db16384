import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import { EventsClient } from "@pulumi/pulumi/proto/events_grpc_pb";
import { EventRequest } from "@pulumi/pulumi/proto/events_pb";
import fc from "fast-check";
import { generate } from "selfsigned";
import { WebSocketServer } from "ws";
import { stringify } from "yaml";
import { bootstrapCommand } from "../../commands/bootstrap/command";
import { gcloudResult } from "../../commands/bootstrap/gcloud-cli";
import { rehearseCommand } from "../../commands/rehearse/command";
import { RehearsalError } from "../../commands/rehearse/problems";
import { verifyCommand } from "../../commands/verify/command";
import { verify } from "../../commands/verify/smoke-test";
import { readSettings } from "../../config/read";
import { CONNECTOR, RUN_JOB, RUN_SERVICE } from "../../config/resource-types";
import { evaluate } from "../../engine/evaluate";
import { configurationOfRun, declare } from "../../stack";
import { gcloud } from "../commands/bootstrap/gcloud.mjs";
import { REFERENCE } from "../stack-settings";
import { damage, damaged, inFolder, STACKS, stack, type Target, TEMPORARY, yaml } from "./cases";
import { held } from "./held";
import { argument, CANARY, NAMED, SECRETS } from "./mutations";

/*
 * Commands that ask other programs or hosts: what those answer is drawn. `pulumi` is a script on the PATH, gcloud a
 * function, the application of `verify` a server in this process. Nothing reaches the network.
 */

const asJson = (value: unknown) => JSON.stringify(value);
/** What a program answers: at times an error instead. */
const answer = fc.record({
  how: damage,
  code: fc.constantFrom(0, 0, 0, 0, 1, 255),
  stderr: fc.constantFrom(
    "",
    "",
    `error: cannot reach ${SECRETS.DATABASE}\n    second line`,
    `ERROR: (gcloud.x) NOT_FOUND: ${SECRETS.CALLBACK} was not found.`,
    "\u001b[31merror\u001b[0m: \u0000",
  ),
});
type Answer = typeof answer extends fc.Arbitrary<infer T> ? T : never;
const sound: Answer = { how: { edits: [] }, code: 0, stderr: "" };

/** A script runs as it is shown: every line is a comment, or begins as expected. */
function heldScript(text: string, commands: RegExp): void {
  const other = text.split("\n").find((line) => line !== "" && !line.startsWith("#") && !commands.test(line));
  if (other !== undefined) throw new Error(`the script would also run: ${other}\n${text}`);
}

const EMPTY_PROJECT = {
  calls: [],
  projectNumber: "123456",
  apis: ["serviceusage.googleapis.com"],
  ...{ buckets: {}, keyrings: {}, keys: {}, pools: {}, providers: {}, accounts: {}, roles: {}, policies: {} },
};

const BOOTSTRAP = ["--project", "netra-staging", "--repository", "netra/staging", "--repository-id", "1"];

const bootstrap: Target = {
  name: "bootstrap",
  property: () => {
    let setUp: string | undefined;
    const finished = async (): Promise<string> => {
      const state = structuredClone(EMPTY_PROJECT);
      const call = async (args: readonly string[]) => {
        const { code, stdout, stderr } = gcloud(args, state);
        return gcloudResult(code, stdout, stderr);
      };
      const args = ["--config-file", REFERENCE, ...BOOTSTRAP];
      const { code } = await held({ command: "bootstrap", built: bootstrapCommand(call), args });
      if (code !== 0) throw new Error("bootstrap does not end");
      return JSON.stringify(state);
    };
    return fc.asyncProperty(
      fc.boolean(),
      fc.array(fc.record({ which: fc.nat(16), answer }), { maxLength: 3 }),
      fc.boolean(),
      fc.array(fc.oneof(fc.constantFrom("--stack", "--repository", "--repository-id", "--project"), argument), {
        maxLength: 2,
      }),
      async (isSetUp, answers, isDryRun, drawn) => {
        setUp ??= await finished();
        const state = isSetUp ? JSON.parse(setUp) : structuredClone(EMPTY_PROJECT);
        let count = 0;
        const call = async (args: readonly string[]) => {
          const { code, stdout, stderr } = gcloud(args, state);
          const changed = answers.find(({ which }) => which === count)?.answer;
          count++;
          if (!changed || code !== 0) return gcloudResult(code, stdout, stderr);
          const text = stdout === "" ? "" : damaged(JSON.parse(stdout), changed.how).text;
          return gcloudResult(changed.code, text, stderr + changed.stderr);
        };
        const args = ["--config-file", REFERENCE, ...BOOTSTRAP, ...(isDryRun ? ["--dry-run"] : []), ...drawn];
        const { code, stdout } = await held({ command: "bootstrap", built: bootstrapCommand(call), args });
        if (code === 0 && !drawn.includes("--help")) heldScript(stdout, /^gcloud /);
      },
    );
  },
};

const URN = "urn:pulumi:staging::netra::";
const failing = { terminalConditions: [{ state: "CONDITION_FAILED", message: SECRETS.DATABASE }] };
const STATE = {
  version: 3,
  deployment: {
    resources: [
      {
        urn: `${URN}pulumi:providers:gcp::default`,
        type: "pulumi:providers:gcp",
        id: "an-id",
        inputs: { project: "netra-staging", region: "us-central1", token: NAMED },
      },
      {
        urn: `${URN}${RUN_SERVICE}::netra-auth-staging`,
        type: RUN_SERVICE,
        parent: `${URN}netra:staging:Service::auth`,
        outputs: {
          latestCreatedRevision: "projects/p/locations/l/services/s/revisions/s-2",
          latestReadyRevision: "projects/p/locations/l/services/s/revisions/s-1",
          envs: SECRETS,
          ...failing,
        },
      },
      {
        urn: `${URN}${RUN_JOB}::netra-migrations`,
        type: RUN_JOB,
        parent: `${URN}netra:staging:Migrations::migrations`,
        outputs: failing,
      },
    ],
    pending_operations: [
      { resource: { urn: `${URN}${CONNECTOR}::staging-connector`, type: CONNECTOR }, type: "creating" },
    ],
  },
};
const EVENTS = [
  { diagnosticEvent: { urn: "", message: `update failed: ${SECRETS.DATABASE}`, severity: "info" } },
  {
    diagnosticEvent: {
      urn: `${URN}${CONNECTOR}::staging-connector`,
      message: `<{%reset%}>Error waiting to create Connector: ${SECRETS.CALLBACK}`,
      severity: "error",
    },
  },
  {
    diagnosticEvent: {
      urn: `${URN}${RUN_SERVICE}::auth`,
      message: "googleapi: Error 409: already exists",
      severity: "error",
    },
  },
  { summaryEvent: { isPreview: false } },
];

const QUESTIONS = ["version", "whoami", "name", "export", "outputs"] as const;
type Question = (typeof QUESTIONS)[number];

/** What a program prints that prints a text. An object may have a `toString` that is none. */
const line = (value: unknown) => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));

/** A `pulumi` with these answers, and its exit code of an operation. Returns the PATH. */
function pulumi(
  folder: string,
  answers: Readonly<Record<Question, Answer>>,
  { code = 0, state = STATE, urls = {} }: { readonly code?: number; readonly state?: object; readonly urls?: object },
): string {
  const texts = {
    version: damaged("v3.259.0", answers.version.how, line).text,
    whoami: damaged({ user: "x", url: "https://api.pulumi.com" }, answers.whoami.how).text,
    name: damaged("staging", answers.name.how, line).text,
    export: damaged(state, answers.export.how).text,
    outputs: damaged({ databaseAddress: SECRETS.DATABASE, urls }, answers.outputs.how).text,
  };
  for (const question of QUESTIONS) {
    writeFileSync(join(folder, `${question}.out`), texts[question]);
    writeFileSync(join(folder, `${question}.err`), answers[question].stderr);
  }
  const cases = QUESTIONS.map((question) => {
    const words = { name: '"stack --show-name"', export: '"stack export"', outputs: '"stack output"' };
    const pattern = question === "version" || question === "whoami" ? `"${question} "` : words[question];
    return `  ${pattern}*) cat "$d/${question}.out"; cat "$d/${question}.err" >&2; exit ${answers[question].code};;`;
  });
  writeFileSync(
    join(folder, "pulumi"),
    [
      "#!/bin/sh",
      `d='${folder}'`,
      'case "$1 $2" in',
      ...cases,
      "esac",
      'case "$*" in *--event-log*) echo "$*" > "$d/begun.new"; mv "$d/begun.new" "$d/begun"',
      '  while [ ! -e "$d/sent" ] && kill -0 $PPID; do sleep 0.01; done;;',
      "esac",
      `exit ${code}`,
      "",
    ].join("\n"),
  );
  chmodSync(join(folder, "pulumi"), 0o755);
  return `${folder}:/usr/bin:/bin`;
}

/** Sends the events of an update as the engine does, once it has begun. */
async function send(folder: string, events: readonly string[], isOver: () => boolean): Promise<void> {
  const begun = join(folder, "begun");
  while (!existsSync(begun)) {
    if (isOver()) return;
    await sleep(5);
  }
  const address = /--event-log tcp:\/\/(\S+)/.exec(readFileSync(begun, "utf8"))?.[1] ?? "";
  const client = new EventsClient(address, grpc.credentials.createInsecure());
  await new Promise<void>((resolve) => {
    const call = client.streamEvents(() => resolve());
    call.on("error", () => resolve());
    for (const event of events) {
      const request = new EventRequest();
      request.setEvent(event);
      call.write(request);
    }
    call.end();
    setTimeout(resolve, 2000).unref();
  });
  client.close();
  writeFileSync(join(folder, "sent"), "");
}

const answers = fc.record<Record<Question, Answer>>({
  version: fc.oneof({ weight: 5, arbitrary: fc.constant(sound) }, answer),
  whoami: fc.oneof({ weight: 3, arbitrary: fc.constant(sound) }, answer),
  name: fc.oneof({ weight: 3, arbitrary: fc.constant(sound) }, answer),
  export: answer,
  outputs: answer,
});

const updates: Target = {
  name: "up and preview",
  property: () =>
    fc.asyncProperty(
      fc.constantFrom("up", "up", "preview"),
      answers,
      fc.array(damage, { maxLength: 3 }),
      fc.constantFrom(0, 1, 255),
      fc.array(
        fc.oneof(
          fc.constantFrom("--stack", "--stack=staging", "-s", "--json", "-j", "--cwd", "--config-file"),
          argument,
        ),
        { maxLength: 3 },
      ),
      fc.boolean(),
      (command, answered, events, code, args, hasPassphrase) =>
        inFolder(async (folder) => {
          const PATH = pulumi(folder, answered, { code });
          const env = { PATH, ...(hasPassphrase ? { PULUMI_CONFIG_PASSPHRASE: NAMED } : {}) };
          const texts = EVENTS.map((event, i) => damaged(event, events[i] ?? sound.how).text);
          let isOver = false;
          const sending = send(folder, texts, () => isOver);
          try {
            await held({ command, args, env, alsoExits: [code] });
          } finally {
            isOver = true;
            await sending;
          }
        }),
    ),
};

/** A state in which half of the program is missing, and creates, updates and deletes are pending. */
async function interrupted(which: number): Promise<object> {
  const program = await evaluate("staging", STACKS[which] ?? {}, () => declare(readSettings(configurationOfRun())));
  const [provider] = STATE.deployment.resources;
  const plain = program.map(({ urn, type, custom }) => ({
    urn,
    type,
    custom,
    ...(custom ? { id: `id-of-${type}` } : {}),
  }));
  const pending = plain.filter(({ custom }) => custom).slice(-6);
  return {
    version: 3,
    deployment: {
      resources: [{ ...provider, secret: SECRETS }, ...plain.slice(0, -20)],
      pending_operations: pending.map((resource, i) => ({ resource, type: i % 3 === 0 ? "updating" : "creating" })),
    },
  };
}

/** The exported state: a file, or what pulumi answers. */
function recoverTarget(): Target {
  const states = new Map<number, Promise<object>>();
  return {
    name: "recover",
    property: () =>
      fc.asyncProperty(
        stack,
        damage,
        fc.option(answers, { nil: undefined }),
        fc.constantFrom("", "", "missing"),
        (which, how, asked, temporary) =>
          inFolder(async (folder, write) => {
            const state = states.get(which) ?? interrupted(which);
            states.set(which, state);
            const PATH = asked ? pulumi(folder, asked, { state: await state }) : "";
            const file = write("Pulumi.staging.yaml", yaml(STACKS[which]));
            const exported = asked ? [] : [write("export.json", damaged(await state, how).text)];
            process.env.TMPDIR = join(folder, temporary);
            try {
              const run = { command: "recover", args: ["--config-file", file, ...exported], env: { PATH } };
              const { code, stdout } = await held(run);
              if (code === 0)
                heldScript(
                  stdout,
                  /^(pulumi cancel staging --yes|pulumi import .*|pulumi stack import --stack staging --file \S+|pulumi refresh --stack staging --yes --skip-preview|npm run up -- --stack staging)$/,
                );
            } finally {
              process.env.TMPDIR = TEMPORARY;
            }
          }),
      ),
  };
}

const TOKEN = SECRETS.SIGNED;
/** How a host answers one path: a status, the wanted body with damage, or what is no answer. */
const reply = fc.record({
  path: fc.constantFrom("/health", "/auth/login", "/auth/me", "/api/users/me", "/ws", "metrics", "events"),
  how: damage,
  status: fc.constantFrom(200, 200, 201, 204, 301, 304, 401, 404, 429, 500, 503, 999),
  instead: fc.constantFrom(
    ...["", "", "", "hang", "cut", "HTTP/1.1 ??? \r\n\r\n", `${TOKEN}\r\n`, "HTTP/1.1 101 Switching\r\n\r\nx"],
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    `HTTP/1.1 302 Found\r\nLocation: ${SECRETS.CALLBACK}\r\nContent-Length: 0\r\n\r\n`,
  ),
});
type Reply = typeof reply extends fc.Arbitrary<infer T> ? T : never;

const METRICS = {
  timeSeries: [
    { metric: { labels: { is_healthy: "true" } }, points: [{ value: { int64Value: "199" } }] },
    { metric: { labels: { is_healthy: "false" } }, points: [{ value: { doubleValue: 1 } }] },
  ],
};
const AGENT = ["agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"];

interface Hosts {
  readonly port: number;
  readonly metrics: string;
  readonly ca: string;
  replies: readonly Reply[];
  stop(): void;
}

async function hosts(): Promise<Hosts> {
  const { cert, private: key } = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    algorithm: "sha256",
    notAfterDate: new Date(Date.now() + 90 * 86_400_000),
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }],
  });
  const running = { replies: [] as readonly Reply[] };
  const replyTo = (path: string) => running.replies.find((one) => path.startsWith(one.path));
  const end = (response: ServerResponse, path: string, wanted: unknown, status = 200) => {
    const drawn = replyTo(path);
    if (drawn && drawn.instead !== "") return instead(response.socket, drawn.instead);
    const text = wanted === undefined ? "" : damaged(wanted, drawn?.how ?? sound.how).text;
    response.writeHead(drawn?.status ?? status).end(text);
  };
  const server = createServer({ cert, key }, ({ url = "", headers }, response) => {
    const isAllowed = headers.authorization === `Bearer ${TOKEN}`;
    if (url === "/auth/login") end(response, url, { access_token: TOKEN });
    else end(response, url, undefined, url.startsWith("/health") || isAllowed ? 200 : 401);
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    const drawn = replyTo("/ws");
    if (drawn && drawn.instead !== "") return instead(socket, drawn.instead);
    sockets.handleUpgrade(request, socket, head, (opened) => {
      opened.on("error", () => undefined);
      opened.once("message", () => {
        for (const [i, type] of AGENT.entries())
          opened.send(damaged({ type }, i === 1 ? (replyTo("events")?.how ?? sound.how) : sound.how).text);
        if (replyTo("events")?.instead === "cut") opened.close(1011, CANARY);
      });
    });
  });
  const metrics = createHttpServer((_, response) => end(response, "metrics", METRICS));
  for (const one of [server, metrics]) {
    one.on("clientError", () => undefined);
    await new Promise<void>((resolve) => one.listen(0, "localhost", resolve));
  }
  return Object.assign(running, {
    port: (server.address() as AddressInfo).port, // a server on a port has an address of this form
    metrics: `http://localhost:${(metrics.address() as AddressInfo).port}`,
    ca: cert,
    stop() {
      for (const one of [server, metrics]) {
        one.closeAllConnections();
        one.close();
      }
    },
  });
}

function instead(socket: Duplex | null, what: string): void {
  if (what === "hang") return;
  if (what === "cut") socket?.destroy();
  else socket?.end(what);
}

const VARIABLES = { VERIFY_EMAIL: `verify@${CANARY}.example`, VERIFY_PASSWORD: NAMED };

function verifyTarget(): Target {
  let started: Promise<Hosts> | undefined;
  return {
    name: "verify",
    property: () =>
      fc.asyncProperty(
        fc.oneof(damage, fc.constant(sound.how)),
        fc.array(reply, { maxLength: 2 }),
        fc.option(answers, { nil: undefined }),
        fc.subarray(["--json"]),
        (how, replies, asked, options) =>
          inFolder(async (folder, write) => {
            started ??= hosts();
            const running = await started;
            running.replies = replies;
            const origin = `https://localhost:${running.port}`;
            // No other host, and no patience.
            const nearby: typeof verify = async ({ contract, settings }, { variables }) => {
              if (Object.values(contract.hosts).some((all) => all.some(({ hostname }) => hostname !== "localhost")))
                return { ok: false, steps: [] };
              const limits = {
                ...contract.limits,
                attempts: 2,
                waitSeconds: 0.01,
                requestSeconds: 0.3,
                eventsSeconds: 0.3,
              };
              return verify(
                { contract: { ...contract, limits }, settings },
                {
                  variables,
                  ca: running.ca,
                  monitoring: {
                    endpoint: running.metrics,
                    authorization: async () => ({ authorization: `Bearer ${TOKEN}` }),
                  },
                },
              );
            };
            const values = {
              hosts: { auth: origin, backend: [origin], frontend: origin },
              issue: {
                service: "auth",
                path: "/auth/login",
                credentials: { email: "VERIFY_EMAIL", password: "VERIFY_PASSWORD" },
              },
              accept: { auth: "/auth/me", backend: "/api/users/me" },
              webSocket: { service: "backend", path: "/ws", message: { type: "user_message" }, eventField: "type" },
              limits: { requestSeconds: 10, attempts: 2, certificateDays: 14 },
            };
            const { text, isGarbage } = damaged(values, how, stringify);
            const source = asked ? ["--from-outputs"] : ["--hosts", write("hosts.yaml", text)];
            await held({
              command: "verify",
              built: verifyCommand(nearby),
              args: ["--config-file", REFERENCE, ...source, ...options],
              env: { ...VARIABLES, PATH: asked ? pulumi(folder, asked, { urls: values.hosts }) : "" },
              // The message may be anything.
              isGarbage: isGarbage && !asked && !/message:[\s\S]*garb age/.test(text),
            });
          }),
      ),
    close: () => void started?.then(({ stop }) => stop()),
  };
}

/** The storms themselves are not run. */
const rehearsals: Target = {
  name: "rehearse",
  property: () =>
    fc.asyncProperty(
      stack,
      damage,
      fc.array(fc.oneof(fc.constantFrom("--grid", "--write", "--storms", "--json", "--report"), argument), {
        maxLength: 3,
      }),
      (which, how, drawn) =>
        inFolder(async (folder, write) => {
          const { text, isGarbage } = damaged(STACKS[which], how, yaml);
          const file = write("Pulumi.staging.yaml", text);
          const run = rehearseCommand(async (cells) => {
            if (isGarbage) throw new Error("garbage passes");
            const odd = cells.find(({ starts, maxConnections }) => !(starts > 0 && maxConnections > 0));
            throw odd ? new Error(`an impossible cell: ${asJson(odd)}`) : new RehearsalError("no storm is run");
          });
          // A report goes into the folder of the case.
          const args = drawn.map((arg, i) => (drawn[i - 1] === "--report" ? join(folder, arg.slice(0, 50)) : arg));
          await held({ command: "rehearse", built: run, args: ["--config-file", file, ...args] });
        }),
    ),
};

const BUNDLE = { name: "staging-capacity-policy", main: "index.js", private: true };

const bundles: Target = {
  name: "bundle",
  property: () =>
    fc.asyncProperty(
      fc.constantFrom("new", "sub/new", "full", "file"),
      damage,
      fc.option(argument, { nil: undefined }),
      fc.constantFrom("", "", "", "--help", "--json", "--stack=x", "--", "-x"),
      (where, how, other, option) =>
        inFolder(async (folder, write) => {
          const full = join(folder, "full");
          mkdirSync(full);
          const { text } = damaged(BUNDLE, how);
          writeFileSync(join(full, "package.json"), text);
          write("file", "theirs");
          if (other !== undefined && /^[\w.$ -]{1,40}$/.test(other) && !/^\.*$/.test(other))
            writeFileSync(join(full, other), "theirs");
          const args = [join(folder, where), ...(option === "" ? [] : [option])];
          const { code } = await held({ command: "bundle", args });
          const names = readdirSync(
            where === "full" || !existsSync(args[0] ?? "") || where === "file" ? full : (args[0] ?? ""),
          );
          const left = names.filter((name) => name.endsWith(".draft"));
          if (left.length > 0) throw new Error(`bundle leaves ${left.join(", ")} behind`);
          if (readFileSync(join(folder, "file"), "utf8") !== "theirs") throw new Error("bundle writes over a file");
          if (code !== 0 && readFileSync(join(full, "package.json"), "utf8") !== text)
            throw new Error("bundle fails and writes over a file of others");
        }),
    ),
};

export const outside = (): readonly Target[] => [
  bootstrap,
  updates,
  recoverTarget(),
  verifyTarget(),
  rehearsals,
  bundles,
];
