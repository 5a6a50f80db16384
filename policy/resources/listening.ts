import { type Problem, problem } from "../../capacity/problem";
import type { Inputs } from "../framework/inputs";
import { splitWords } from "./command-line";
import { statedPorts } from "./ports";
import { handlersOf } from "./probes";
import type { Container } from "./workload";

/*
 * Reads from a container's command line and variables where it listens. Cloud Run's probes come from outside the
 * container and do not reach a listener at 127.0.0.1.
 * Source: docs.cloud.google.com/run/docs/container-contract ("should not listen on 127.0.0.1"); terradart 231 (a TCP
 * probe that failed 30 times on a proxy "Listening on 127.0.0.1:5432"); cloud-sql-proxy 1359 and 1365 (why its health
 * check got --http-address).
 */

/** A listener that is reachable only from within the instance. */
export interface LoopbackListener {
  /** The setting that shows it: a variable, or the arguments. */
  readonly setting: string;
  readonly value: string;
  /** The value to set instead. */
  readonly fix: string;
}

/**
 * The local listener that a probe of the port cannot reach; `undefined`: there is none, or it is not known where the
 * container listens.
 */
export function loopbackListener(container: Container, port: number): LoopbackListener | undefined {
  const { words, variables, setting } = commandLineOf(container);
  const proxy = proxyOf(container, words);
  if (proxy === "v1") return proxyV1(words, port, setting);
  if (proxy === "v2") return proxyV2(words, variables, port, setting);
  const flags = flagsOf(words);
  const [host, ...others] = binds(flags, port);
  if (host) return [host, ...others].every(({ value }) => isLoopback(value)) ? { setting, ...fixed(host) } : undefined;
  const gunicorn = variables.get("GUNICORN_CMD_ARGS");
  const [bind] = gunicorn ? binds(flagsOf(knownWordsIn(gunicorn.value)), port) : [];
  if (gunicorn && bind) return isLoopback(bind.value) ? { setting: gunicorn.setting, ...fixed(bind) } : undefined;
  for (const [name, { value, setting: variable }] of variables)
    if (ADDRESS_VARIABLE.test(name) && isLoopback(value) && mayBePort(value, port))
      return { setting: variable, value, fix: everywhere(value) };
  return undefined;
}

/** A probe of a port that only accepts local connections. */
export function unansweredProblems(container: Container, probe: Inputs): Problem[] {
  return handlersOf(probe).flatMap(({ inputs }) => {
    const port = inputs.number("port") ?? statedPorts(container)[0]?.number("containerPort");
    const listener = port === undefined ? undefined : loopbackListener(container, port);
    if (listener === undefined) return [];
    const { setting, value, fix } = listener;
    const because = "Cloud Run's probes come from outside the container and reach no listener at 127.0.0.1";
    return problem({ setting, value, must: `let the probe's port ${port} answer at every address`, because, fix });
  });
}

interface Flag {
  readonly name: string;
  readonly value: string | undefined;
}

interface CommandLine {
  /** Known words only. */
  readonly words: readonly string[];
  readonly variables: ReadonlyMap<string, { readonly value: string; readonly setting: string }>;
  /** The setting that contains the words. */
  readonly setting: string;
}

/** Servers' flags for the address to listen at. */
const ADDRESS_FLAGS = [
  "host",
  "bind",
  "b",
  "H",
  "listen",
  "listen-addr",
  "listen-address",
  "bind-addr",
  "bind-address",
  "addr",
  "address",
  "http-address",
];
const PORT_FLAGS = ["port", "p"];
/** Variables of servers and poolers for that address: edoburu's and Bitnami's PgBouncer, uvicorn, Spring Boot. */
const ADDRESS_VARIABLE = /^((PGBOUNCER_)?(LISTEN|BIND)(_(ADDR|ADDRESS|HOST))?|UVICORN_HOST|SERVER_ADDRESS)$/;
const LOOPBACK = /^(\w+:\/\/)?(localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)(?::(\d+))?$/i;

const isLoopback = (address: string) => LOOPBACK.test(address);
const everywhere = (address: string) =>
  address.replace(LOOPBACK, (_, scheme = "", __, port) => `${scheme}0.0.0.0${port === undefined ? "" : `:${port}`}`);

/** Whether the address has no port, or this one. */
function mayBePort(address: string, port: number): boolean {
  const stated = /:(\d+)$/.exec(address.replace(/^\w+:\/\//, "").replace(/^\[?::1\]?/, ""))?.[1];
  return stated === undefined || Number(stated) === port;
}

/** The addresses at which a server with these flags listens on that port. */
function binds(flags: readonly Flag[], port: number): { readonly flag: string; readonly value: string }[] {
  const ports = flags.filter(({ name }) => PORT_FLAGS.includes(name)).map(({ value }) => Number(value));
  return flags.flatMap(({ name, value }) => {
    if (value === undefined || !ADDRESS_FLAGS.includes(name) || !mayBePort(value, port)) return [];
    const hasPort = /:\d+$/.test(value);
    return !hasPort && ports.length > 0 && !ports.includes(port) ? [] : [{ flag: name, value }];
  });
}

const fixed = ({ flag, value }: { readonly flag: string; readonly value: string }) => {
  const written = (address: string) => (flag.length === 1 ? `-${flag} ${address}` : `--${flag}=${address}`);
  return { value: written(value), fix: `these with ${written(everywhere(value))}` };
};

function commandLineOf({ inputs }: Container): CommandLine {
  const known = inputs.knownOnly();
  const variables = known.list("envs").flatMap((variable) => {
    const [name, value] = [variable.text("name"), variable.text("value")];
    return name && value ? [[name, { value, setting: `${inputs.at("envs")}[${name}]` }] as const] : [];
  });
  const words = ["commands", "args"].flatMap((key) => known.texts(key)).flatMap(knownWordsIn);
  return {
    words,
    variables: new Map(variables),
    setting: inputs.at(known.count("args") > 0 || known.count("commands") === 0 ? "args" : "commands"),
  };
}

/** A shell's script is one argument. Values that it takes from variables are unknown. */
const knownWordsIn = (text: string) => splitWords(text).filter((word) => !word.includes("$"));

function flagsOf(words: readonly string[]): Flag[] {
  return words.flatMap((word, index) => {
    const [, name, stated] = /^--?([A-Za-z][\w.-]*)(?:=(.*))?$/.exec(word) ?? [];
    if (name === undefined) return [];
    const next = words[index + 1];
    return { name, value: stated ?? (next?.startsWith("-") ? undefined : next) };
  });
}

/** Google's proxies for Cloud SQL and AlloyDB, by image or program; their first version has other flags. */
function proxyOf({ inputs }: Container, words: readonly string[]): "v1" | "v2" | undefined {
  const image = inputs.knownOnly().text("image") ?? "";
  const names = [image, ...words].map((text) => text.split("/").at(-1)?.split(/[:@]/)[0] ?? "");
  if (names.some((name) => /^(gce-proxy|cloud_sql_proxy)$/.test(name))) return "v1";
  return names.some((name) => /^(cloud-sql-proxy|cloudsql-proxy|alloydb-auth-proxy)$/.test(name)) ? "v2" : undefined;
}

const HEALTH_PORT = 9090;
const PROXY_HEALTH = `--health-check and --http-address=0.0.0.0, and the probe to httpGet of /startup on port ${HEALTH_PORT}`;

/** Source: cloud-sql-proxy, cmd/root.go: --address 127.0.0.1, --http-address localhost, --http-port 9090. */
function proxyV2(
  words: readonly string[],
  variables: CommandLine["variables"],
  port: number,
  setting: string,
): LoopbackListener | undefined {
  const flags = flagsOf(words);
  const stated = (...names: string[]) => flags.find(({ name }) => names.includes(name));
  const variable = (name: string) =>
    ["CSQL_PROXY_", "ALLOYDB_PROXY_"]
      .map((prefix) => variables.get(prefix + name))
      .find((found) => found !== undefined);
  const textOf = (flag: string, name: string, short = flag) => stated(flag, short)?.value ?? variable(name)?.value;
  if (stated("config-file") || variable("CONFIG_FILE")) return undefined;
  const isOn = (flag: string, name: string) =>
    stated(flag) ? !words.includes(`--${flag}=false`) : /^(true|1)$/i.test(variable(name)?.value ?? "");
  const answersHttp = isOn("health-check", "HEALTH_CHECK") || isOn("prometheus", "PROMETHEUS");
  if (port === Number(textOf("http-port", "HTTP_PORT") ?? HEALTH_PORT)) {
    if (!answersHttp)
      return { setting, value: "without --health-check", fix: "these with --health-check and --http-address=0.0.0.0" };
    const address = textOf("http-address", "HTTP_ADDRESS") ?? "localhost";
    return isLoopback(address)
      ? { setting, value: `--http-address=${address}`, fix: "these with --http-address=0.0.0.0" }
      : undefined;
  }
  // An instance may have its own address: project:region:name?address=0.0.0.0&port=5432.
  const own = words
    .map((word) => new URLSearchParams(word.split("?")[1] ?? ""))
    .filter((query) => [null, String(port)].includes(query.get("port")));
  const address =
    own.map((query) => query.get("address")).find((text) => text !== null) ??
    textOf("address", "ADDRESS", "a") ??
    "127.0.0.1";
  return isLoopback(address)
    ? { setting, value: `--address=${address}`, fix: `these with --address=0.0.0.0, or with ${PROXY_HEALTH}` }
    : undefined;
}

/**
 * The first version listens at the address in `-instances`: `...=tcp:5432` is 127.0.0.1. Its health check answers
 * everywhere.
 */
function proxyV1(words: readonly string[], port: number, setting: string): LoopbackListener | undefined {
  const instances = flagsOf(words).flatMap(({ name, value }) =>
    name === "instances" && value ? value.split(",") : [],
  );
  const found = instances.find((instance) =>
    new RegExp(`=tcp:(?:127\\.0\\.0\\.1:|localhost:)?${port}$`).test(instance),
  );
  return found ? { setting, value: `tcp:${port}`, fix: `these with tcp:0.0.0.0:${port} in -instances` } : undefined;
}
