import "./fewer-promises";
import * as pulumi from "@pulumi/pulumi";
import { RegisterResourceResponse } from "@pulumi/pulumi/proto/resource_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { MASK } from "../capacity/secrecy";
import { SERVICE_ACCOUNT } from "../config/resource-types";
import type { ProgramResource } from "../policy/framework/judgement";
import { isUnknownValue, UNKNOWN } from "../policy/framework/unknown";

/** A resource that a program registered, as a preview would show it. */
export interface RegisteredResource {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  /** URN of the parent; empty for the stack itself. */
  readonly parent: string;
  /** URNs of its dependencies. */
  readonly dependencies: readonly string[];
  /** For each property, the URNs of the resources whose outputs it uses. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly options: {
    readonly protect: boolean;
    readonly import: string;
    readonly ignoreChanges: readonly string[];
    readonly deleteBeforeReplace: boolean;
    readonly additionalSecretOutputs: readonly string[];
    readonly retainOnDelete: boolean;
  };
  readonly custom: boolean;
  /** In the engine's wire format: unknowns are Pulumi's sentinels, secrets are wrapped. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The inputs and the computed properties that a preview knows. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** The signatures that mark a wrapped secret. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

let lastEvaluation: Promise<unknown> = Promise.resolve();

/**
 * Evaluates a program as a preview does, without engine, provider or cloud: values that exist only after creation stay
 * unknown. Pulumi's runtime is process-global, so an evaluation waits for those that were begun before it.
 * @throws what the program or one of its Outputs throws.
 */
export function evaluate(
  stack: string,
  configuration: Readonly<Record<string, unknown>>,
  program: () => object,
): Promise<RegisteredResource[]> {
  const evaluation = lastEvaluation.then(() => evaluateAlone(stack, configuration, program));
  lastEvaluation = evaluation.catch(() => undefined);
  return evaluation;
}

async function evaluateAlone(
  stack: string,
  configuration: Readonly<Record<string, unknown>>,
  program: () => object,
): Promise<RegisteredResource[]> {
  const registered: RegisteredResource[] = [];
  pulumi.runtime.setAllConfig(asStrings(configuration), []);
  let callError: Error | undefined; // the SDK loses the message of an error that a call throws
  const call = ({ token }: pulumi.runtime.MockCallArgs): never => {
    callError = new Error(
      `the program calls the cloud (${token}), which is impossible in an evaluation without credentials`,
    );
    throw callError;
  };
  await pulumi.runtime.setMocks({ newResource: () => ({ id: undefined, state: {} }), call }, "netra", stack, true);
  recordInto(registered, String(configuration["gcp:project"]));
  try {
    await untilDone(async () => {
      await pulumi.runtime.runInPulumiStack(async () => program());
      await pulumi.runtime.disconnect();
    });
  } catch (error) {
    throw callError ?? error;
  }
  return registered;
}

/** Runs a program to its end or to the first rejected Output, which the runtime would await for ever. */
export async function untilDone(run: () => Promise<void>): Promise<void> {
  let fail: (reason: unknown) => void = () => undefined;
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  process.on("unhandledRejection", fail);
  // Node reports rejections after the microtasks: wait, so that none of this run is missed.
  const reported = () => new Promise((resolve) => setImmediate(resolve));
  try {
    await Promise.race([failure, run().then(reported)]);
  } finally {
    await reported();
    process.off("unhandledRejection", fail);
  }
}

/** The engine passes configuration to programs as strings, sections as JSON with sorted keys. */
export function asStrings(configuration: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(configuration).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value, sorted),
    ]),
  );
}

const sorted = (_: string, value: unknown) =>
  value === null || typeof value !== "object" || Array.isArray(value)
    ? value
    : Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));

/** Replaces the mock monitor's registration, which hides a resource's options and answers unlike a preview. */
function recordInto(registered: RegisteredResource[], project: string) {
  // setMocks installed a plain object, whose methods may be replaced
  const monitor = pulumi.runtime.getMonitor() as unknown as Record<string, unknown>;
  monitor.registerResourceOutputs = (_: unknown, callback: (error: Error | null, response: object) => void) =>
    callback(null, {});
  monitor.registerResource = (
    request: RegisterRequest,
    callback: (error: Error | null, response: RegisterResourceResponse) => void,
  ) => {
    const inputs = request.getObject()?.toJavaScript() ?? {};
    const urn = urnOf(request);
    const type = request.getType();
    const outputs = { ...inputs, ...knownAtPreview(type, inputs, project) };
    registered.push({
      type,
      name: request.getName(),
      urn,
      parent: request.getParent(),
      dependencies: request.getDependenciesList().toSorted(),
      propertyDependencies: propertyDependenciesOf(request),
      options: {
        protect: request.getProtect() ?? false,
        import: request.getImportid(),
        ignoreChanges: request.getIgnorechangesList(),
        deleteBeforeReplace: request.getDeletebeforereplace(),
        additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
        retainOnDelete: request.getRetainondelete() ?? false,
      },
      custom: request.getCustom(),
      inputs,
      outputs,
    });
    const response = new RegisterResourceResponse();
    response.setUrn(urn);
    response.setObject(Struct.fromJavaScript(outputs));
    callback(null, response);
  };
}

/** The parts of the SDK's RegisterResourceRequest that are read here. */
interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getProtect(): boolean | undefined;
  getImportid(): string;
  getIgnorechangesList(): string[];
  getDeletebeforereplace(): boolean;
  getAdditionalsecretoutputsList(): string[];
  getRetainondelete(): boolean | undefined;
  getDependenciesList(): string[];
  getPropertydependenciesMap(): { entries(): Iterable<[string, { getUrnsList(): string[] }]> };
  getObject(): { toJavaScript(): Record<string, JavaScriptValue> } | undefined;
}

const propertyDependenciesOf = (request: RegisterRequest) =>
  Object.fromEntries(
    [...request.getPropertydependenciesMap().entries()].map(([property, others]) => [
      property,
      others.getUrnsList().toSorted(),
    ]),
  );

function urnOf(request: RegisterRequest): string {
  const parentType = request.getParent().split("::")[2] ?? "";
  const qualified =
    parentType && parentType !== "pulumi:pulumi:Stack" ? `${parentType}$${request.getType()}` : request.getType();
  return `urn:pulumi:${pulumi.getStack()}::${pulumi.getProject()}::${qualified}::${request.getName()}`;
}

/** The few computed properties that the real provider knows before it creates anything. */
function knownAtPreview(
  type: string,
  inputs: Record<string, unknown>,
  project: string,
): Record<string, JavaScriptValue> {
  if (type !== SERVICE_ACCOUNT) return {};
  const email = `${inputs.accountId}@${project}.iam.gserviceaccount.com`;
  return { email, member: `serviceAccount:${email}` };
}

/** The resource in the form in which the pack's server passes it to rules. */
export const asJudged = (
  { type, name, urn, parent, dependencies, propertyDependencies, custom, inputs, outputs }: RegisteredResource,
  provider: object,
): ProgramResource => ({
  type,
  name,
  urn,
  parent,
  dependencies,
  propertyDependencies,
  inputs: unwrapSecrets(inputs) as object, // an object stays one
  outputs: unwrapSecrets(outputs) as object,
  ...(custom && type.startsWith("gcp:") ? { provider } : {}),
});

/** Replaces secrets by their values, as rules see them. */
function unwrapSecrets(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Reflect.get(value, SIGNATURE) === SECRET_SIGNATURE) return unwrapSecrets(Reflect.get(value, "value"));
  return withItems(value, unwrapSecrets);
}

/** The texts that a program wrapped as secret and a preview knows, so that no message shows them. */
export function secretTexts(value: unknown, isSecret = false): string[] {
  if (typeof value === "string") return isSecret && value.trim() !== "" && !isUnknownValue(value) ? [value] : [];
  if (value === null || typeof value !== "object") return [];
  const isWrapped = isSecret || Reflect.get(value, SIGNATURE) === SECRET_SIGNATURE;
  return Object.entries(value).flatMap(([key, item]) => (key === SIGNATURE ? [] : secretTexts(item, isWrapped)));
}

/** Inputs for a report: secrets become `[secret]`, unknown ones stay the sentinel. */
export function withoutSecrets(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Reflect.get(value, SIGNATURE) === SECRET_SIGNATURE)
    return Reflect.get(value, "value") === UNKNOWN ? UNKNOWN : MASK;
  return withItems(value, withoutSecrets);
}

/** The same object with other items, or itself where no item changes: thousands of resources have few secrets. */
function withItems(value: object, changed: (item: unknown) => unknown): object {
  const items = Object.values(value).map(changed);
  if (Object.values(value).every((item, i) => item === items[i])) return value;
  return Array.isArray(value) ? items : Object.fromEntries(Object.keys(value).map((key, i) => [key, items[i]]));
}
