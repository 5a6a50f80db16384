import type { CloudObject } from "../../../commands/shared/cloud/classify";

/*
 * What the gcloud commands that a diagnosis prints make of collected objects. It knows few verbs and few flags, and
 * every other one is an error: a command that it cannot carry out is never taken for one that does nothing. It refuses
 * what gcloud or Google refuses, as far as that is documented.
 */

// biome-ignore lint/suspicious/noExplicitAny: the shapes are gcloud's, as they stand in the collected files
type Json = any;

/** A command line as a shell splits it. Only the quotes that a diagnosis writes are known. */
function words(line: string): string[] {
  const found: string[] = [];
  const rest = line.matchAll(/\s*((?:'[^']*'|\\'|[^\s'\\"$`;|&<>])+)|\s*(\S)/gy);
  for (const [, one, unknown] of rest) {
    if (one === undefined) throw new Error(`a shell would take ${unknown} for more than a character: ${line}`);
    found.push(one.replaceAll(/'([^']*)'|\\(')/g, (_, quoted, quote) => quoted ?? quote));
  }
  return found;
}

/** The objects after a command: copies, the given ones stay as they are. */
export function carriedOut(line: string, found: readonly CloudObject[]): CloudObject[] {
  const [gcloud, ...rest] = words(line);
  const verb = VERBS.find(({ words: verbWords }) => verbWords.every((word, i) => rest[i] === word));
  if (gcloud !== "gcloud" || !verb) throw new Error(`no command that is known here: ${line}`);
  const given = rest.slice(verb.words.length);
  const named = given.filter((word) => !word.startsWith("--"));
  const flags = new Map<string, string>();
  for (const flag of given.filter((word) => word.startsWith("--"))) {
    const [, name = "", value = ""] = /^(--[a-z-]+)(?:=(.*))?$/s.exec(flag) ?? [];
    if (!verb.flags.includes(name))
      throw new Error(`${verb.words.join(" ")} has no flag ${flag} that is known here: ${line}`);
    if (flags.has(name)) throw new Error(`${name} stands twice: ${line}`);
    flags.set(name, value);
  }
  if (flags.get("--project") !== PROJECT) throw new Error(`every command names the project: ${line}`);
  const objects = structuredClone(found) as { source: CloudObject["source"]; object: Json; from: string }[];
  return verb.run({ objects, named, flags, fail: (why) => fail(`${why}: ${line}`) }) ?? objects;
}

const PROJECT = "netra-staging";
const REGION = "us-central1";

function fail(why: string): never {
  throw new Error(why);
}

interface Run {
  readonly objects: { source: CloudObject["source"]; object: Json; from: string }[];
  readonly named: readonly string[];
  readonly flags: ReadonlyMap<string, string>;
  readonly fail: (why: string) => never;
}

interface Verb {
  readonly words: readonly string[];
  readonly flags: readonly string[];
  readonly run: (run: Run) => CloudObject[] | undefined;
}

/** The object below a key, which is made where there is none. */
function below(object: Json, ...keys: string[]): Json {
  return keys.reduce((at, key) => {
    at[key] ??= {};
    return at[key];
  }, object);
}

/** The only object of a source with that name in the command's region. */
function one({ objects, named, flags, fail }: Run, source: CloudObject["source"], name = named[0] ?? ""): Json {
  if (["services", "jobs", "connectors", "caches"].includes(source) && flags.get("--region") !== REGION)
    fail("the region is missing");
  const isIt = ({ object }: { object: Json }) => (object.metadata?.name ?? object.name?.split("/").at(-1)) === name;
  const [found, ...others] = objects.filter((candidate) => candidate.source === source && isIt(candidate));
  if (!found || others.length > 0 || named.length > 1) fail(`there is no ${name} among the ${source}, or several`);
  return found?.object;
}

/** gcloud separates at commas, or as `^;^` says. */
function items(text: string): string[] {
  const [, separator = ",", rest = text] = /^\^(.)\^(.*)$/s.exec(text) ?? [];
  return rest.split(separator);
}

const entries = (text: string, fail: Run["fail"]) =>
  items(text).map((item): [string, string] => {
    const at = item.indexOf("=");
    return at > 0 ? [item.slice(0, at), item.slice(at + 1)] : fail(`'${item}' is no KEY=VALUE`);
  });

const count = (text: string, fail: Run["fail"]) => (/^\d+$/.test(text) ? Number(text) : fail(`'${text}' is no count`));

const WORKLOAD_FLAGS = [
  "--vpc-connector",
  "--vpc-egress",
  "--update-env-vars",
  "--remove-env-vars",
  "--update-secrets",
  "--remove-secrets",
];

/** A revision's own annotations in the Knative form; `undefined`: it is v2. */
const annotationsOf = (object: Json): Json =>
  object.apiVersion && below(object, "spec", "template", "metadata", "annotations");
const podOf = (object: Json): Json => {
  const template = object.apiVersion ? object.spec.template.spec : object.template;
  if (object.kind === "Job") return template.template.spec;
  return /\/jobs\/[^/]+$/.test(object.name ?? "") ? template.template : template;
};

function updateWorkload(object: Json, { flags, fail }: Run): void {
  const [annotations, pod] = [annotationsOf(object), podOf(object)];
  const network = (annotation: string, key: string, value: string, v2: string) => {
    if (annotations) annotations[annotation] = value;
    else below(pod, "vpcAccess")[key] = v2;
  };
  const connector = flags.get("--vpc-connector");
  if (connector !== undefined) {
    if (annotations?.["run.googleapis.com/network-interfaces"] || pod.vpcAccess?.networkInterfaces)
      fail("a connector beside network interfaces");
    network(
      "run.googleapis.com/vpc-access-connector",
      "connector",
      connector,
      `projects/${PROJECT}/locations/${REGION}/connectors/${connector}`,
    );
  }
  const egress = flags.get("--vpc-egress");
  if (egress !== undefined) {
    if (!["private-ranges-only", "all-traffic"].includes(egress)) fail("no such egress");
    const hasAccess = annotations
      ? annotations["run.googleapis.com/vpc-access-connector"] || annotations["run.googleapis.com/network-interfaces"]
      : pod.vpcAccess;
    if (!hasAccess) fail("egress without access to a VPC");
    network("run.googleapis.com/vpc-access-egress", "egress", egress, egress.toUpperCase().replaceAll("-", "_"));
  }
  const [container, ...others] = pod.containers;
  const ofContainer = [...flags.keys()].filter((flag) => /env-vars|secrets|probe/.test(flag));
  if (others.length > 0 && ofContainer.length > 0) fail(`${ofContainer.join()} of several containers`);
  updateVariables(container, annotations !== undefined, { flags, fail });
}

function updateVariables(container: Json, isKnative: boolean, { flags, fail }: Pick<Run, "flags" | "fail">): void {
  const isSecret = (variable: Json) => variable.valueFrom !== undefined || variable.valueSource !== undefined;
  container.env ??= [];
  const variables = (): Json[] => container.env;
  for (const flag of ["--remove-env-vars", "--remove-secrets"])
    for (const name of flags.has(flag) ? items(flags.get(flag) ?? "") : [])
      container.env = variables().filter(
        (variable) => variable.name !== name || isSecret(variable) !== (flag === "--remove-secrets"),
      );
  const set = (name: string, secret: boolean, value: object) => {
    const before = variables().find((variable) => variable.name === name);
    if (before && isSecret(before) !== secret)
      fail(`${name} is ${secret ? "a literal" : "a secret"}, and gcloud changes no variable's kind`);
    if (before) Object.assign(before, value);
    else variables().push({ name, ...value });
  };
  for (const [name, value] of flags.has("--update-env-vars") ? entries(flags.get("--update-env-vars") ?? "", fail) : [])
    set(name, false, { value });
  for (const [name, reference] of flags.has("--update-secrets")
    ? entries(flags.get("--update-secrets") ?? "", fail)
    : []) {
    const [, secret = "", version = ""] =
      /^([\w-]+):(\d+|latest)$/.exec(reference) ?? fail(`'${reference}' is no SECRET:VERSION`);
    if (name.startsWith("/")) fail("no file is mounted here");
    if (isKnative) set(name, true, { valueFrom: { secretKeyRef: { name: secret, key: version } } });
    else
      set(name, true, { valueSource: { secretKeyRef: { secret: `projects/${PROJECT}/secrets/${secret}`, version } } });
  }
}

function updateService(run: Run): undefined {
  const { flags, fail } = run;
  const object = one(run, "services");
  updateWorkload(object, run);
  const annotations = annotationsOf(object);
  const ofRevision = flags.get("--max-instances");
  if (ofRevision !== undefined) {
    if (annotations) annotations["autoscaling.knative.dev/maxScale"] = String(count(ofRevision, fail));
    else below(object, "template", "scaling").maxInstanceCount = count(ofRevision, fail);
  }
  const ofService = flags.get("--max");
  if (ofService !== undefined) {
    if (annotations)
      below(object, "metadata", "annotations")["run.googleapis.com/maxScale"] = String(count(ofService, fail));
    else below(object, "scaling").maxInstanceCount = count(ofService, fail);
  }
  const probe = flags.get("--startup-probe");
  if (probe !== undefined) podOf(object).containers[0].startupProbe = probeOf(entries(probe, fail), fail);
  return undefined;
}

function probeOf(fields: readonly (readonly [string, string])[], fail: Run["fail"]): Json {
  const probe: Json = {};
  for (const [key, value] of fields) {
    if (key === "httpGet.path") below(probe, "httpGet").path = value;
    else if (key === "httpGet.port") below(probe, "httpGet").port = count(value, fail);
    else if (["initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold"].includes(key))
      probe[key] = count(value, fail);
    else fail(`a probe has no ${key}`);
  }
  return probe;
}

function patchInstance(run: Run): undefined {
  const { flags, fail } = run;
  const object = one(run, "instances");
  const settings = object.settings;
  const [ip, backups] = [below(settings, "ipConfiguration"), below(settings, "backupConfiguration")];
  const on = (flag: string, apply: (value: string) => void) => {
    const value = flags.get(flag);
    if (value !== undefined) apply(value);
  };
  const set = (flag: string, at: Json, key: string, value = flags.get(flag)) =>
    on(flag, () => Object.assign(at, { [key]: value }));
  set("--tier", settings, "tier");
  set("--ssl-mode", ip, "sslMode");
  set("--connector-enforcement", settings, "connectorEnforcement");
  set("--activation-policy", settings, "activationPolicy");
  on("--deletion-protection", () => Object.assign(settings, { deletionProtectionEnabled: true }));
  // It replaces all: what is not repeated is gone.
  on("--database-flags", (text) =>
    Object.assign(settings, { databaseFlags: entries(text, fail).map(([name, value]) => ({ name, value })) }),
  );
  on("--backup-start-time", (startTime) => Object.assign(backups, { enabled: true, startTime }));
  on("--enable-point-in-time-recovery", () => {
    if (!backups.enabled) fail("point-in-time recovery needs backups");
    Object.assign(backups, { pointInTimeRecoveryEnabled: true });
  });
  on("--retained-transaction-log-days", (days) =>
    Object.assign(backups, { transactionLogRetentionDays: count(days, fail) }),
  );
  on("--clear-authorized-networks", () => Object.assign(ip, { authorizedNetworks: [] }));
  on("--no-assign-ip", () => {
    if (!ip.privateNetwork) fail("an instance needs an address");
    Object.assign(ip, { ipv4Enabled: false });
    object.ipAddresses = (object.ipAddresses ?? []).filter(({ type }: Json) => type === "PRIVATE");
  });
  return undefined;
}

function updateConnector(run: Run): undefined {
  const { flags, fail } = run;
  const object = one(run, "connectors");
  const grow = (flag: string, key: string) => {
    if (!flags.has(flag)) return;
    const value = count(flags.get(flag) ?? "", fail);
    if (value < object[key]) fail("a connector does not shrink");
    object[key] = value;
  };
  grow("--min-instances", "minInstances");
  grow("--max-instances", "maxInstances");
  if (flags.has("--machine-type")) object.machineType = flags.get("--machine-type");
  if (!(object.minInstances < object.maxInstances)) fail("the minimum must be below the maximum");
  return undefined;
}

function enableVersion(run: Run): undefined {
  const { objects, named, flags, fail } = run;
  const suffix = `/secrets/${flags.get("--secret")}/versions/${named[0]}`;
  const version = objects.find(({ source, object }) => source === "versions" && object.name.endsWith(suffix));
  if (version?.object.state !== "DISABLED") fail("only a version that is disabled can be enabled");
  else version.object.state = "ENABLED";
  return undefined;
}

function addVersion({ objects, named }: Run): CloudObject[] {
  const prefix = `projects/${PROJECT}/secrets/${named[0]}/versions/`;
  const numbers = objects.flatMap(({ source, object }) =>
    source === "versions" && object.name.includes(`/secrets/${named[0]}/`) ? [object.name] : [],
  );
  const next = Math.max(0, ...numbers.map((name) => Number(name.split("/").at(-1)))) + 1;
  return [...objects, { source: "versions", object: { name: `${prefix}${next}`, state: "ENABLED" }, from: "gcloud" }];
}

/** What only reads changes nothing. */
const reading = (text: string, flags: readonly string[]): Verb => ({
  words: text.split(" "),
  flags: ["--project", ...flags],
  run: () => undefined,
});

const VERBS: readonly Verb[] = [
  {
    words: ["run", "services", "update"],
    flags: ["--project", "--region", ...WORKLOAD_FLAGS, "--max", "--max-instances", "--startup-probe"],
    run: updateService,
  },
  {
    words: ["run", "jobs", "update"],
    flags: ["--project", "--region", ...WORKLOAD_FLAGS],
    run: (run) => void updateWorkload(one(run, "jobs"), run),
  },
  {
    words: ["sql", "instances", "patch"],
    flags: [
      ...[
        "--project",
        "--tier",
        "--database-flags",
        "--ssl-mode",
        "--connector-enforcement",
        "--activation-policy",
        "--deletion-protection",
      ],
      ...["--backup-start-time", "--enable-point-in-time-recovery", "--retained-transaction-log-days"],
      ...["--no-assign-ip", "--clear-authorized-networks"],
    ],
    run: patchInstance,
  },
  {
    words: ["compute", "networks", "vpc-access", "connectors", "update"],
    flags: ["--project", "--region", "--machine-type", "--min-instances", "--max-instances"],
    run: updateConnector,
  },
  {
    words: ["redis", "instances", "update"],
    flags: ["--project", "--region", "--enable-auth"],
    run: (run) => void Object.assign(one(run, "caches"), { authEnabled: true }),
  },
  { words: ["secrets", "versions", "enable"], flags: ["--project", "--secret"], run: enableVersion },
  { words: ["secrets", "versions", "add"], flags: ["--project", "--data-file"], run: addVersion },
  {
    words: ["beta", "monitoring", "channels", "update"],
    flags: ["--project", "--enabled"],
    run: ({ objects, named, fail }) => {
      const channel =
        objects.find(({ source, object }) => source === "channels" && object.name === named[0]) ??
        fail("no such channel");
      channel.object.enabled = true;
      return undefined;
    },
  },
  {
    words: ["monitoring", "policies", "update"],
    flags: ["--project", "--add-notification-channels"],
    run: ({ objects, named, flags, fail }) => {
      const policy =
        objects.find(({ source, object }) => source === "alerts" && object.name === named[0]) ?? fail("no such policy");
      const channel = flags.get("--add-notification-channels");
      if (!objects.some(({ source, object }) => source === "channels" && object.name === channel))
        fail("no such channel");
      policy.object.notificationChannels = [...(policy.object.notificationChannels ?? []), channel];
      return undefined;
    },
  },
  reading("run services logs read", ["--region", "--limit"]),
  reading("sql operations list", ["--instance", "--limit"]),
  reading("compute networks vpc-access operations list", ["--region"]),
  reading("redis operations list", ["--region"]),
];
