#!/usr/bin/env node
/*
 * The part of gcloud that `npm run bootstrap` uses: as a function, and as a program over a project in the file
 * GCLOUD_STATE. Its commands, flags and answers are those of Google Cloud CLI 528; anything else is refused as gcloud
 * refuses it.
 */
import { readFileSync, writeFileSync } from "node:fs";

/** A call that ends with an error. */
class Failure extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** What a call prints, and its exit code. Changes the project. */
export function gcloud(args, state) {
  try {
    return { code: 0, stdout: called(args, state), stderr: "" };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const stderr = `WARNING: a line that is none of the error's\nERROR: (gcloud.x) ${error.message}\n`;
    return { code: error.code, stdout: "", stderr };
  }
}

if (process.env.GCLOUD_STATE) {
  const file = process.env.GCLOUD_STATE;
  const state = JSON.parse(readFileSync(file, "utf8"));
  const { code, stdout, stderr } = gcloud(process.argv.slice(2), state);
  writeFileSync(file, JSON.stringify(state));
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = code;
}

function called(args, state) {
  let stdout = "";
  const fail = (code, message) => {
    throw new Failure(code, message);
  };

  /** Words before the first flag, and flags with their values; a flag without a value is true. */
  function parsed() {
    const words = [];
    const flags = {};
    for (let i = 0; i < args.length; i++) {
      if (!args[i].startsWith("--")) words.push(args[i]);
      else if (args[i].includes("=")) flags[args[i].split("=")[0]] = args[i].slice(args[i].indexOf("=") + 1);
      else if (args[i + 1] === undefined || args[i + 1].startsWith("--")) flags[args[i]] = true;
      else flags[args[i]] = args[++i];
    }
    return { words, flags };
  }

  const { words, flags } = parsed();
  const RING = ["--keyring", "--location"];
  const POOL = ["--location"];
  const PROVIDER = ["--location", "--workload-identity-pool"];
  const BINDING = ["--member", "--role"];

  const absent = (what) => fail(1, `NOT_FOUND: ${what} was not found.`);
  const exists = (what) => fail(1, `ALREADY_EXISTS: ${what} already exists.`);
  const show = (value) => {
    stdout += `${JSON.stringify(value)}\n`;
  };
  const describe = (kind) => (name) => show(state[kind][name] ?? absent(`${kind} ${name}`));
  const create = (kind, made) => (name) => {
    if (state[kind][name]) exists(`${kind} ${name}`);
    state[kind][name] = made(name);
  };
  const update = (kind, changes) => (name) => Object.assign(state[kind][name] ?? absent(`${kind} ${name}`), changes());
  const policyOf = (key) => {
    state.policies[key] ??= { bindings: [], etag: "x" };
    return state.policies[key];
  };
  const showPolicy = (kind) => (name) => {
    if (kind !== "projects" && !state[kind][name]) absent(`${kind} ${name}`);
    show(policyOf(`${kind}/${name}`));
  };
  /** gcloud splits at each comma and takes what comes before the first equals sign as the key. */
  const conditionOf = (text = "None") => {
    if (text === "None") return undefined;
    const pairs = text.split(",").map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]);
    if (pairs.some(([key]) => !["expression", "title", "description"].includes(key)))
      fail(2, "argument --condition: valid keys are [description, expression, title]");
    const { title, expression } = Object.fromEntries(pairs);
    if ((expression.match(/&&|\|\||!(?!=)/g) ?? []).length > 12)
      fail(1, "INVALID_ARGUMENT: too many logical operators.");
    return { title, expression };
  };
  const bind = (kind) => (name) => {
    if (kind !== "projects" && !state[kind][name]) absent(`${kind} ${name}`);
    const { bindings } = policyOf(`${kind}/${name}`);
    const given = conditionOf(flags["--condition"]);
    const found = bindings.find(
      ({ role, condition }) => role === flags["--role"] && JSON.stringify(condition) === JSON.stringify(given),
    );
    if (found) found.members.push(flags["--member"]);
    else bindings.push({ role: flags["--role"], members: [flags["--member"]], condition: given });
  };
  const provider = () => ({
    state: "ACTIVE",
    oidc: { issuerUri: flags["--issuer-uri"] },
    attributeCondition: flags["--attribute-condition"],
    attributeMapping: Object.fromEntries(
      flags["--attribute-mapping"]
        .split(",")
        .map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
    ),
    ...(flags["--no-disabled"] ? { disabled: false } : {}),
  });
  const bucket = () => ({
    ...(flags["--versioning"] ? { versioning_enabled: true } : {}),
    ...(flags["--uniform-bucket-level-access"] ? { uniform_bucket_level_access: true } : {}),
    ...(flags["--public-access-prevention"] ? { public_access_prevention: "enforced" } : {}),
  });
  const account = (id) => `${id}@${flags["--project"]}.iam.gserviceaccount.com`;
  const role = () => ({ includedPermissions: flags["--permissions"].split(",") });

  /** A command: the flags it needs, those it may have beside them and --project, what it does, the API it needs. */
  const commands = {
    "projects describe": [[], [], () => show({ projectNumber: state.projectNumber })],
    "projects get-iam-policy": [[], [], showPolicy("projects")],
    "projects add-iam-policy-binding": [BINDING, ["--condition"], bind("projects")],
    "services list": [["--enabled"], [], () => show(state.apis.map((name) => ({ config: { name } })))],
    "services enable": [[], [], (...names) => state.apis.push(...names)],
    "storage buckets describe": [[], [], describe("buckets")],
    "storage buckets create": [
      ["--location"],
      ["--uniform-bucket-level-access", "--public-access-prevention"],
      create("buckets", () => ({ location: flags["--location"].toUpperCase(), ...bucket() })),
    ],
    "storage buckets update": [
      [],
      ["--versioning", "--uniform-bucket-level-access", "--public-access-prevention"],
      update("buckets", bucket),
    ],
    "storage buckets get-iam-policy": [[], [], showPolicy("buckets")],
    "storage buckets add-iam-policy-binding": [BINDING, [], bind("buckets")],
    "kms keyrings describe": [["--location"], [], describe("keyrings"), "cloudkms"],
    "kms keyrings create": [["--location"], [], create("keyrings", (name) => ({ name })), "cloudkms"],
    "kms keys describe": [RING, [], describe("keys"), "cloudkms"],
    "kms keys create": [[...RING, "--purpose"], [], create("keys", (name) => ({ name })), "cloudkms"],
    "kms keys get-iam-policy": [RING, [], showPolicy("keys"), "cloudkms"],
    "kms keys add-iam-policy-binding": [[...RING, ...BINDING], [], bind("keys"), "cloudkms"],
    "iam workload-identity-pools describe": [POOL, [], describe("pools"), "iam"],
    "iam workload-identity-pools create": [
      [...POOL, "--display-name"],
      [],
      create("pools", () => ({ state: "ACTIVE" })),
      "iam",
    ],
    "iam workload-identity-pools undelete": [POOL, [], update("pools", () => ({ state: "ACTIVE" })), "iam"],
    "iam workload-identity-pools update": [
      POOL,
      ["--no-disabled"],
      update("pools", () => ({ disabled: false })),
      "iam",
    ],
    "iam workload-identity-pools providers describe": [PROVIDER, [], describe("providers"), "iam"],
    "iam workload-identity-pools providers list": [
      PROVIDER,
      [],
      () =>
        show(
          Object.entries(state.providers)
            .filter(([, { state }]) => state !== "DELETED")
            .map(([name, provider]) => ({
              name: `projects/${state.projectNumber}/locations/global/workloadIdentityPools/${flags["--workload-identity-pool"]}/providers/${name}`,
              ...provider,
            })),
        ),
      "iam",
    ],
    "iam workload-identity-pools providers create-oidc": [
      [...PROVIDER, "--issuer-uri", "--attribute-mapping", "--attribute-condition"],
      [],
      create("providers", provider),
      "iam",
    ],
    "iam workload-identity-pools providers update-oidc": [
      PROVIDER,
      ["--issuer-uri", "--attribute-mapping", "--attribute-condition", "--no-disabled"],
      update("providers", provider),
      "iam",
    ],
    "iam service-accounts describe": [[], [], describe("accounts"), "iam"],
    "iam service-accounts create": [
      ["--display-name"],
      [],
      (id) => create("accounts", (email) => ({ email }))(account(id)),
      "iam",
    ],
    "iam service-accounts enable": [[], [], update("accounts", () => ({ disabled: false })), "iam"],
    "iam service-accounts get-iam-policy": [[], [], showPolicy("accounts"), "iam"],
    "iam service-accounts add-iam-policy-binding": [BINDING, [], bind("accounts"), "iam"],
    "iam roles describe": [[], [], describe("roles"), "iam"],
    "iam roles create": [["--title", "--permissions", "--stage"], [], create("roles", role), "iam"],
    "iam roles update": [["--permissions"], [], update("roles", role), "iam"],
    "iam roles undelete": [[], [], update("roles", () => ({ deleted: false })), "iam"],
  };

  const name = Object.keys(commands)
    .filter((command) => words.join(" ").startsWith(`${command} `) || words.join(" ") === command)
    .toSorted((one, other) => other.length - one.length)[0];
  if (!name) fail(2, `Invalid choice: '${words.join(" ")}'.`);
  const [needed, allowed, does, api] = commands[name];
  const missing = needed.find((flag) => flags[flag] === undefined);
  if (missing) fail(2, `argument ${missing}: Must be specified.`);
  const unknown = Object.keys(flags).find((flag) => ![...needed, ...allowed, "--project", "--format"].includes(flag));
  if (unknown) fail(2, `unrecognized arguments: ${unknown}`);
  if (api && !state.apis.includes(`${api}.googleapis.com`))
    fail(1, `PERMISSION_DENIED: ${api} API has not been used in project before or it is disabled.`);

  state.calls.push(args);
  const broken = state.broken && args.join(" ").includes(state.broken);
  if (!broken) does(...words.slice(name.split(" ").length));
  if (broken) fail(1, "PERMISSION_DENIED: Permission denied on resource.\nThis is the second line.");
  return stdout;
}
