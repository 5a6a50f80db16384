import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import { type IResourceProviderServer, ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as wire from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { isUnknownValue, UNKNOWN } from "../../policy/framework/unknown";
import { Cloud, type Properties } from "./cloud";
import { type Change, type Difference, difference } from "./diff";
import { type Kind, kinds, type Place } from "./kinds";
import { asState, type Forms, foreseenOutputs, outputsOf } from "./outputs";
import { randomKinds } from "./random";
import { deletionRefusalOf, refusalOf } from "./refusals";
import { brokenRevisions } from "./revisions";

/*
 * The engine's protocol. Raw gRPC, because the SDK's own provider class cannot import. What `create`, `update` and
 * `delete` do at preview is nothing: their answers carry what a preview knows, and unknowns for the rest.
 */

const [provider = "gcp", version = "", engine = ""] = process.argv.slice(2);
const cloud = new Cloud(required("TWIN_CLOUD"));
cloud.engine = engine;
const forms: Forms = JSON.parse(readFileSync(join(__dirname, "forms.json"), "utf8")); // plugins.ts has written it
const place: { -readonly [Key in keyof Place]: Place[Key] } = { project: "", region: "" };

function required(variable: string): string {
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} must name the folder of the twin's cloud`);
  return value;
}

const struct = (properties: Properties) =>
  Struct.fromJavaScript(JSON.parse(JSON.stringify(properties)) as { [key: string]: JavaScriptValue });
const properties = (value: Struct | undefined): Properties => (value?.toJavaScript() ?? {}) as Properties;
const isObject = (value: unknown): value is Properties =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What a request is about. */
interface Subject {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  readonly id: string;
}

function subjectOf(request: { getUrn(): string; getId?(): string }): Subject {
  const urn = request.getUrn();
  const [, , types = "", name = ""] = urn.split("::");
  return { type: types.split("$").at(-1) ?? "", name, urn, id: request.getId?.() ?? "" };
}

function kindOf({ type }: Subject): Kind {
  const kind = kinds[type];
  if (kind) return kind;
  const random = randomKinds[type];
  if (!random) throw new Error(`the twin does not know ${type}: add it to test/cloud/kinds.ts`);
  return {
    id: () => "",
    replaces: [""],
    replacesWhen: () => true,
    serverChooses: [],
    defaults: {},
    computed: () => Object.fromEntries(random.outputs.map((output) => [output, ""])),
  };
}

/** Fills in what the provider defaults, and notes in `__defaults` what that was, as the bridge does. */
function withDefaults(kind: Kind, inputs: Properties): Properties {
  const filled = noted(inputs);
  for (const [path, value] of Object.entries(kind.defaults)) setDefault(filled, path.split("."), value);
  return filled;
}

const noted = (value: Properties): Properties => ({
  ...Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, notedInside(inner)])),
  __defaults: [],
});
const notedInside = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(notedInside)
    : isObject(value) && !("__defaults" in value) && !isFreeForm(value)
      ? noted(value)
      : value;
/** Maps that the user fills have no defaults: labels, limits. */
const isFreeForm = (value: Properties) => Object.values(value).every((inner) => typeof inner === "string");

function setDefault(target: unknown, [key = "", ...rest]: readonly string[], value: unknown): void {
  if (!isObject(target)) return;
  if (key.endsWith("[]")) {
    const elements = target[key.slice(0, -2)];
    if (Array.isArray(elements)) for (const element of elements) setDefault(element, rest, value);
  } else if (rest.length > 0) setDefault(target[key], rest, value);
  else if (target[key] === undefined) {
    target[key] = value;
    // Only texts until now: that looked like a map of the user's.
    target.__defaults = [...((target.__defaults as string[] | undefined) ?? []), key];
  }
}

const withoutNotes = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(withoutNotes)
    : isObject(value)
      ? Object.fromEntries(
          Object.entries(value).flatMap(([key, inner]) => (key === "__defaults" ? [] : [[key, withoutNotes(inner)]])),
        )
      : value;
const plain = (inputs: Properties) => withoutNotes(inputs) as Properties;

const hasUnknown = (value: unknown): boolean =>
  isUnknownValue(value) || (typeof value === "object" && value !== null && Object.values(value).some(hasUnknown));

function changeBetween(subject: Subject, olds: Properties, news: Properties): Difference {
  if (!randomKinds[subject.type]) return difference(kindOf(subject), olds, news, place, subject.id);
  const found = difference({ ...kindOf(subject), replacesWhen: () => false }, olds, news, place, subject.id);
  return { ...found, replaces: Object.keys(found.changes) };
}

const never = new Promise<never>(() => undefined);
let death: NodeJS.Timeout | undefined;

/** Dies once no further call is struck for a moment: the answers of all that run at once are lost. */
function die(): void {
  clearTimeout(death);
  death = setTimeout(() => process.exit(1), 300);
}

/** Runs a call: logged at its start and its end, slowed down, struck by the faults that were ordered. */
async function performed(
  method: "create" | "update" | "delete",
  subject: Subject,
  changed: readonly string[],
  act: () => Subject,
): Promise<void> {
  const entry = { provider, method, ...subject, preview: false, changes: changed, broken: [] };
  const { kind: fault, calls } = cloud.faults;
  const isFirst = () =>
    !cloud.calls().some((call) => call.urn === subject.urn && call.method === method && call.phase === "start");
  const struck =
    calls === "first-of-each" ? isFirst() : calls.length > 0 && calls.includes(cloud.changes(provider) + 1);
  cloud.record({ ...entry, phase: "start", error: "" });
  let error: unknown;
  let after: Subject = subject;
  try {
    await wait(kinds[subject.type]?.milliseconds ?? 0);
    if (struck && fault === "rate-limit") throw new Error("googleapi: Error 429: Quota exceeded, rateLimitExceeded");
    if (struck && fault === "fail")
      throw new Error("googleapi: Error 503: The service is currently unavailable., backendError");
    if (struck && fault === "stuck") await never;
    after = act();
    const background =
      method === "create" && struck && fault === "broken" ? kinds[subject.type]?.background : undefined;
    if (background !== undefined) {
      cloud.change(subject.type, after.id, (properties) => Object.assign(properties, { state: "ERROR" }));
      throw new Error(background);
    }
  } catch (reason) {
    error = reason;
  }
  if (struck && fault === "crash") die();
  if (struck && (fault === "crash" || fault === "lost")) await never;
  cloud.record({
    ...entry,
    ...after,
    phase: "end",
    error: error === undefined ? "" : messageOf(error),
    broken: brokenRevisions(cloud),
  });
  if (error !== undefined) throw error;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** It exists, under its id, and does not work: the engine keeps it, and updates it the next time. */
class NotWorking extends Error {
  constructor(
    readonly id: string,
    readonly state: Properties,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Puts a resource into the cloud and waits for what becomes of it. @throws NotWorking where that is not what was asked
 * for.
 */
function settled(kind: Kind, subject: Subject, id: string, state: Properties, before: Properties): Properties {
  const { outputs = {}, failure } = kind.settles?.(cloud, id, state, before) ?? {};
  const properties = { ...state, ...outputs };
  cloud.put({ type: subject.type, id, properties });
  if (failure !== undefined) throw new NotWorking(id, written(subject, id, properties), failure);
  return properties;
}

function create(subject: Subject, inputs: Properties): { id: string; state: Properties } {
  const random = randomKinds[subject.type];
  if (random) {
    const { id, outputs } = random.create(inputs);
    return { id, state: { ...inputs, ...outputs } };
  }
  const kind = kindOf(subject);
  const refusal = refusalOf(subject.type, inputs, cloud, place);
  if (refusal) throw new Error(refusal);
  const id = kind.id(inputs, place, cloud);
  if (cloud.find(subject.type, id) && !kind.upsert)
    throw new Error(`googleapi: Error 409: ${id} already exists, alreadyExists`);
  const state = { ...inputs, ...kind.early?.(inputs, place), ...kind.computed(inputs, place, id, {}) };
  if (kind.isKnownLate && !cloud.find(subject.type, id)) cloud.noteNew(subject.type, id);
  return { id, state: settled(kind, subject, id, state, {}) };
}

function update(subject: Subject, inputs: Properties): Properties {
  const before = cloud.find(subject.type, subject.id)?.properties;
  if (!before) throw new Error(`googleapi: Error 404: ${subject.id} was not found, notFound`);
  const refusal = refusalOf(subject.type, inputs, cloud, place);
  if (refusal) throw new Error(refusal);
  const kind = kindOf(subject);
  const kept = Object.fromEntries(Object.entries(before).filter(([key]) => kind.serverChooses.includes(key)));
  const state = {
    ...kept,
    ...inputs,
    ...kind.early?.(inputs, place),
    ...kind.computed(inputs, place, subject.id, before),
  };
  return settled(kind, subject, subject.id, state, before);
}

function remove(subject: Subject, state: Properties): void {
  const refusal = deletionRefusalOf(subject.type, subject.id, state, cloud);
  if (refusal) throw new Error(refusal);
  const kind = kindOf(subject);
  const way = kind.onDelete?.(state) ?? "remove";
  if (way === "disable")
    cloud.change(subject.type, subject.id, (properties) => Object.assign(properties, { enabled: false }));
  if (way !== "remove") return;
  cloud.remove(subject.type, subject.id);
  kind.afterDelete?.(cloud, state);
}

/** What a preview knows of a resource that it would create or change. */
function foreseen(subject: Subject, inputs: Properties, before: Properties = {}): Properties {
  const kind = kindOf(subject);
  const early = hasUnknown(inputs.accountId) ? {} : (kind.early?.(inputs, place) ?? {});
  const later = Object.keys(kind.computed(inputs, place, "", {})).map((output) => [output, before[output] ?? UNKNOWN]);
  const stated = { ...asState(kind, inputs, place, subject.id), ...Object.fromEntries(later), ...early };
  return foreseenOutputs(forms, subject.type, stated, before);
}

/** A resource as the provider writes it into the state. */
function written(subject: Subject, id: string, found: Properties): Properties {
  if (!kinds[subject.type]) return found;
  return secretly({ ...outputsOf(forms, subject.type, asState(kindOf(subject), found, place, id), asSecret), id });
}

/** Inputs and outputs of a resource as the cloud has it. `known`: the inputs of the state; none at an import. */
function read(
  subject: Subject,
  known: Properties | undefined,
): { id: string; inputs: Properties; state: Properties } | undefined {
  const kind = kindOf(subject);
  const id = kind.fromImportId?.(subject.id) ?? subject.id;
  const found = cloud.find(subject.type, id)?.properties;
  if (!found) return undefined;
  const neverRead = Object.fromEntries((kind.writeOnly ?? []).map((key) => [key, known?.[key]]));
  const readable: Properties = { ...found, ...neverRead };
  const computed = new Set([
    ...Object.keys(kind.computed(found, place, id, found)),
    ...Object.keys(kind.early?.(found, place) ?? {}),
  ]);
  const settable = Object.fromEntries(Object.entries(readable).filter(([key]) => !computed.has(key)));
  const onImport = known ? {} : kind.onImport;
  // A refresh keeps the program's forms, an import knows only the provider's.
  const inputs = known ? refreshed(known, settable) : noted({ ...asState(kind, settable, place, id), ...onImport });
  return { id, inputs, state: written(subject, id, { ...readable, ...onImport }) };
}

/** What the provider's schema calls sensitive leaves it as a secret, whoever asks. */
const secretly = (values: Properties): Properties =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      SENSITIVE.has(key) && !isSecret(value) ? asSecret(value) : value,
    ]),
  );
const SENSITIVE = new Set(["secretData", "password", "authString"]);
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const asSecret = (value: unknown) => ({ [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270", value });
const isSecret = (value: unknown) => isObject(value) && SIGNATURE in value;

/** A refresh keeps to what the program has set: properties it is silent about are no drift. */
function refreshed(known: Properties, found: Properties): Properties {
  return Object.fromEntries(
    Object.entries(known).flatMap(([key, value]): [string, unknown][] => {
      if (key === "__defaults") return [[key, value]];
      const now = found[key];
      if (now === undefined) return [];
      return [[key, inside(value, now)]];
    }),
  );
}

function inside(known: unknown, found: unknown): unknown {
  if (isObject(known) && isObject(found)) return refreshed(known, found);
  if (Array.isArray(known) && Array.isArray(found))
    return found.map((element, i) => (known[i] === undefined ? element : inside(known[i], element)));
  return found;
}

const KINDS: Record<Change, [wire.PropertyDiff.Kind, wire.PropertyDiff.Kind]> = {
  add: [wire.PropertyDiff.Kind.ADD, wire.PropertyDiff.Kind.ADD_REPLACE],
  delete: [wire.PropertyDiff.Kind.DELETE, wire.PropertyDiff.Kind.DELETE_REPLACE],
  update: [wire.PropertyDiff.Kind.UPDATE, wire.PropertyDiff.Kind.UPDATE_REPLACE],
};

function diffResponse(
  { changes: changed, replaces }: Difference,
  explicitName: boolean,
  alwaysAdded: readonly string[] = [],
): wire.DiffResponse {
  const response = new wire.DiffResponse();
  const paths = Object.entries(changed);
  response.setChanges(
    paths.length > 0 ? wire.DiffResponse.DiffChanges.DIFF_SOME : wire.DiffResponse.DiffChanges.DIFF_NONE,
  );
  response.setReplacesList([...replaces]);
  // The bridge deletes first where the name is stated: two cannot have it (gcp.md 1.3).
  response.setDeletebeforereplace(replaces.length > 0 && explicitName);
  response.setDiffsList([...new Set(paths.map(([path]) => path.split(/[.[]/)[0] ?? path))]);
  response.setHasdetaileddiff(true);
  const detail = (path: string, kind: wire.PropertyDiff.Kind, isOfInputs = true) => {
    const entry = new wire.PropertyDiff();
    entry.setKind(kind);
    entry.setInputdiff(isOfInputs);
    response.getDetaileddiffMap().set(path, entry);
  };
  for (const [path, change] of paths) detail(path, KINDS[change][replaces.includes(path) ? 1 : 0]);
  if (paths.length > 0)
    for (const path of alwaysAdded) if (!(path in changed)) detail(path, wire.PropertyDiff.Kind.ADD, false);
  if (replaces.includes("__meta")) detail("__meta", wire.PropertyDiff.Kind.UPDATE_REPLACE);
  return response;
}

/** Answers a call with what `act` returns, or with its error. */
function answer<Request, Response>(
  act: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => act(call.request))
      .then(
        (response) => callback(null, response),
        (error) =>
          callback({
            code: grpc.status.UNKNOWN,
            details: messageOf(error),
            ...(error instanceof NotWorking ? { metadata: partly(error) } : {}),
          }),
      );
  };
}

/** What of a failed call the engine keeps. It travels as the Go library sends an error's details. */
function partly({ id, state, message }: NotWorking): grpc.Metadata {
  const kept = new wire.ErrorResourceInitFailed();
  kept.setId(id);
  kept.setProperties(struct(state));
  kept.setReasonsList([message]);
  const details = new Any();
  details.pack(kept.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const said = new Status();
  said.setCode(grpc.status.UNKNOWN);
  said.setMessage(message);
  said.addDetails(details);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(said.serializeBinary()));
  return metadata;
}

const handlers: Partial<IResourceProviderServer> = {
  getPluginInfo: answer(() => {
    const info = new plugin.PluginInfo();
    info.setVersion(version);
    return info;
  }),
  // Instead of its arguments, an engine that has not started the provider.
  attach: answer((request: plugin.PluginAttach) => {
    cloud.engine = request.getAddress();
    return new Empty();
  }),
  checkConfig: answer((request: wire.CheckRequest) => checked(properties(request.getNews()))),
  diffConfig: answer(() => new wire.DiffResponse()),
  configure: answer((request: wire.ConfigureRequest) => {
    const args = properties(request.getArgs());
    place.project = String(args.project ?? "");
    place.region = String(args.region ?? "");
    const response = new wire.ConfigureResponse();
    response.setSupportspreview(true);
    return response;
  }),
  check: answer((request: wire.CheckRequest) => {
    const subject = subjectOf(request);
    const kind = kindOf(subject);
    // An automatic name is a default like the others, as in the bridge.
    return checked(
      withDefaults({ ...kind, defaults: { ...kind.defaults, ...automatic(subject) } }, properties(request.getNews())),
    );
  }),
  diff: answer((request: wire.DiffRequest) => {
    const subject = subjectOf(request);
    const news = plain(properties(request.getNews()));
    const change = changeBetween(subject, plain(properties(request.getOldInputs())), news);
    return diffResponse(change, news.name !== undefined || news.secretId !== undefined, kindOf(subject).alwaysAdded);
  }),
  create: answer(async (request: wire.CreateRequest) => {
    const subject = subjectOf(request);
    const inputs = plain(properties(request.getProperties()));
    const response = new wire.CreateResponse();
    let made = { id: "", state: foreseen(subject, inputs) };
    if (!request.getPreview())
      await performed("create", subject, [], () => {
        const { id, state } = create(subject, inputs);
        made = { id, state: written(subject, id, state) };
        return { ...subject, id };
      });
    response.setId(made.id);
    response.setProperties(struct(made.state));
    return response;
  }),
  update: answer(async (request: wire.UpdateRequest) => {
    const subject = subjectOf(request);
    const inputs = plain(properties(request.getNews()));
    const { changes: changed } = changeBetween(subject, plain(properties(request.getOldInputs())), inputs);
    let state = foreseen(subject, inputs, properties(request.getOlds()));
    if (!request.getPreview())
      await performed(
        "update",
        subject,
        [...new Set(Object.keys(changed).map((path) => path.split(/[.[]/)[0] ?? path))],
        () => {
          state = written(subject, subject.id, update(subject, inputs));
          return subject;
        },
      );
    const response = new wire.UpdateResponse();
    response.setProperties(struct(state));
    return response;
  }),
  delete: answer(async (request: wire.DeleteRequest) => {
    const subject = subjectOf(request);
    await performed("delete", subject, [], () => {
      if (kinds[subject.type]) remove(subject, properties(request.getProperties()));
      return subject;
    });
    return new Empty();
  }),
  read: answer((request: wire.ReadRequest) => {
    const subject = subjectOf(request);
    const known = request.getInputs();
    cloud.record({
      provider,
      method: "read",
      ...subject,
      preview: false,
      phase: "end",
      changes: [],
      error: "",
      broken: [],
    });
    const response = new wire.ReadResponse();
    // As the bridge does: without a state, what the program has set is unknown to it (pkg/tfbridge/provider.go, Read).
    const isImport = Object.keys(properties(request.getProperties())).length === 0;
    const found = randomKinds[subject.type]
      ? { id: subject.id, inputs: properties(known), state: properties(request.getProperties()) }
      : read(subject, isImport ? undefined : properties(known));
    if (!found) return response;
    response.setId(found.id);
    response.setInputs(struct(secretly(found.inputs)));
    response.setProperties(struct(secretly(found.state)));
    return response;
  }),
  cancel: answer(() => new Empty()),
};

function checked(inputs: Properties): wire.CheckResponse {
  const response = new wire.CheckResponse();
  response.setInputs(struct(inputs));
  return response;
}

/** The name the bridge makes for a resource whose program states none. */
function automatic({ name, urn, type }: Subject): Properties {
  if (
    !/:(Connector|Network|Subnetwork|DatabaseInstance|Instance|Service|Job|WorkerPool|Router|RouterNat|GlobalAddress)$/.test(
      type,
    ) ||
    type.startsWith("gcp:projects/")
  )
    return {};
  return { name: `${name}-${createHash("sha256").update(urn).digest("hex").slice(0, 7)}` };
}

// The real provider asks every few minutes whether its engine lives, and ends with it
// (github.com/pulumi/pulumi/pull/9735).
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(0);
}, 100);

const server = new grpc.Server();
// What is missing answers UNIMPLEMENTED, which the engine takes for "a provider of the older protocol".
server.addService(ResourceProviderService, handlers as IResourceProviderServer);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
