import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "yaml";
import { PROJECT_ROOT } from "../../commands/shared/stack-file";
import { readSettings } from "../../config/read";
import { CONNECTOR } from "../../config/resource-types";
import { evaluate, type RegisteredResource } from "../../engine/evaluate";
import { PackServer } from "../../engine/pack-client";
import { configurationOfRun, declare } from "../../stack";
import { collectionOf, QUIET_FEED } from "../commands/diagnose/fixtures";
import { digest, stream } from "../commands/guard/previews";
import { REFERENCE } from "../stack-settings";
import { DIAGNOSIS, damage, damaged, inFolder, PREVIEW, STACKS, stack, type Target, yaml } from "./cases";
import { held, problemsOf, secondsSince } from "./held";
import { argument, edited, edits, SECRETS } from "./mutations";
import { outside } from "./outside";
import { interrupted, standardInput } from "./processes";

const stackFiles: Target = {
  name: "stack files",
  property: () =>
    fc.asyncProperty(
      stack,
      damage,
      fc.constantFrom(
        ["check"],
        ["check", "--json"],
        ["storm", "--replications", "500", "--json"],
        ["size", "--replications", "500", "--json"],
        ["recover", "EXPORT"],
      ),
      (which, how, [command = "", ...args]) =>
        inFolder(async (_, write) => {
          const { text, isGarbage } = damaged(STACKS[which], how, yaml);
          const file = write("Pulumi.staging.yaml", text);
          const exported = write("export.json", JSON.stringify({ version: 3, deployment: {} }));
          await held({
            command,
            args: ["--config-file", file, ...args.map((arg) => (arg === "EXPORT" ? exported : arg))],
            isGarbage,
          });
        }),
    ),
};

const reports: Target = {
  name: "reports",
  property: () =>
    fc.asyncProperty(edits, (some) =>
      inFolder(async (folder, write) => {
        const file = write("Pulumi.staging.yaml", yaml(edited(STACKS[2], some).value));
        const report = join(folder, "report");
        await held({ command: "check", args: ["--config-file", file, "--report", report] });
        const names = readdirSync(folder).includes("report") ? readdirSync(report).toSorted() : [];
        if (names.length > 0 && names.join() !== "report.html,report.json,report.md")
          throw new Error(`half a report: ${names}`);
        for (const name of names) {
          const problems = problemsOf(readFileSync(join(report, name), "utf8"), 0, [0]);
          if (problems.length > 0) throw new Error(`${name}: ${problems.join("; ")}`);
        }
      }),
    ),
};

const previews: Target = {
  name: "previews",
  property: () =>
    fc.asyncProperty(fc.boolean(), damage, fc.subarray(["--json", "--stack=staging"]), (isDigest, how, options) =>
      inFolder(async (_, write) => {
        const lines = isDigest
          ? [JSON.parse(digest(PREVIEW))]
          : stream(PREVIEW)
              .trim()
              .split("\n")
              .map((line) => JSON.parse(line));
        const asText = (value: unknown) =>
          Array.isArray(value) ? value.map((line) => JSON.stringify(line)).join("\n") : String(JSON.stringify(value));
        const { text } = damaged(lines, how, asText);
        await held({ command: "guard", args: [write("preview.json", text), ...options] });
      }),
    ),
};

const collections: Target = {
  name: "gcloud files",
  property: () =>
    fc.asyncProperty(
      fc.constantFrom("healthy" as const, "incident" as const, "partial" as const),
      fc.nat(40),
      damage,
      fc.boolean(),
      fc.constantFrom("diagnose", "preflight"),
      fc.subarray(["--json", "--all", "--adopt"]),
      (collection, index, how, hasSecrets, command, options) =>
        inFolder(async (folder) => {
          const from = join(folder, "from");
          cpSync(collectionOf(collection), from, { recursive: true });
          const names = readdirSync(from).filter((name) => name.endsWith(".json"));
          const name = names[index % names.length] ?? "";
          const original = readFileSync(join(from, name), "utf8");
          const variables = Object.entries(SECRETS)
            .map(([name, value]) => `${JSON.stringify({ name, value })},`)
            .join("");
          const content: unknown = JSON.parse(
            hasSecrets ? original.replaceAll(/"env": \[/g, `"env": [${variables}`) : original,
          );
          writeFileSync(join(from, name), damaged(content, how).text);
          const known =
            command === "diagnose"
              ? ["--incidents", QUIET_FEED, ...options]
              : options.filter((one) => one === "--json");
          await held({ command, args: ["--config-file", REFERENCE, "--from", from, ...known] });
        }),
    ),
};

const pipelines: Target = {
  name: "files of the pipelines",
  property: () =>
    fc.asyncProperty(
      damage,
      damage,
      fc.constantFrom("drift", "comment", "way-back", "image", "redeploy", "recover"),
      (one, other, command) =>
        inFolder(async (folder, write) => {
          if (command === "drift") {
            const refresh = damaged(JSON.parse(digest(PREVIEW)), one);
            const diagnosis = damaged(DIAGNOSIS, other);
            const files = [
              "--refresh",
              write("refresh.json", refresh.text),
              "--diagnosis",
              write("diagnosis.json", diagnosis.text),
            ];
            await held({ command, args: files });
          } else if (command === "comment") {
            const problems = { ok: false, problems: [{ setting: "a", message: SECRETS.DATABASE }] };
            const files = ["--head", "--base", "--guard"].flatMap((option, i) => [
              option,
              write(
                `${i}.json`,
                damaged(
                  i === 2 ? { ok: true, refused: [{ message: SECRETS.SIGNED }], announced: [], changes: {} } : problems,
                  i === 0 ? one : other,
                ).text,
              ),
            ]);
            await held({ command, args: files });
          } else if (command === "way-back") {
            const steps = {
              check: { outcome: "success" },
              up: { outcome: "failure", outputs: { x: SECRETS.DATABASE } },
            };
            const commit = damaged("d".repeat(40), other, String).text.slice(0, 200);
            await held({
              command,
              args: [],
              env: {
                STEPS: damaged(steps, one).text.slice(0, 20_000).replaceAll("\u0000", ""),
                GITHUB_SHA: commit.replaceAll("\u0000", ""),
              },
            });
          } else if (command === "recover") {
            const urn = "urn:pulumi:staging::netra::gcp:vpcaccess/connector:Connector::staging-connector";
            const resource = { urn, type: CONNECTOR, inputs: SECRETS };
            const exported = damaged(
              {
                version: 3,
                deployment: { resources: [resource], pending_operations: [{ resource, type: "creating" }] },
              },
              one,
            );
            await held({ command, args: ["--config-file", REFERENCE, write("export.json", exported.text)] });
          } else await heldEdit(folder, write("Pulumi.staging.yaml", damaged(STACKS[2], one, yaml).text), command);
        }),
    ),
};

/** A command that edits the stack file leaves it as it was, or whole. */
async function heldEdit(folder: string, file: string, command: string): Promise<void> {
  const before = readFileSync(file, "utf8");
  const image = `us-central1-docker.pkg.dev/netra-staging/netra/auth@sha256:${"0".repeat(64)}`;
  await held({ command, args: ["--config-file", file, "auth", ...(command === "image" ? [image] : [])] });
  const after = readFileSync(file, "utf8");
  const left = readdirSync(folder).filter((name) => name !== "Pulumi.staging.yaml");
  if (left.length > 0) throw new Error(`${command} leaves ${left.join(", ")} behind`);
  if (after !== before && after.length < before.length) throw new Error(`${command} leaves a part of the file`);
  if (after !== before) parse(after, { merge: true, logLevel: "error" });
}

/** Commands that read only what a case gives them. */
const ALONE = [
  "check",
  "storm",
  "size",
  "guard",
  "preflight",
  "diagnose",
  "recover",
  "redeploy",
  "image",
  "comment",
  "drift",
  "way-back",
];
const OPTIONS = [
  "--json",
  "--stack",
  "--config-file",
  "--replications",
  "--seed",
  "--scenario",
  "--details",
  "--policy-pack-config",
  "--incidents",
  "--head",
  "--base",
  "--guard",
  "--refresh",
  "--diagnosis",
  "--cancelled",
  "--allow-open",
  "--registry",
  "--help",
  "--",
  "-x",
  "auth",
];

const commandLines: Target = {
  name: "command lines",
  property: () =>
    fc.asyncProperty(
      fc.constantFrom(...ALONE),
      fc.array(
        fc.oneof(
          fc.constantFrom(...OPTIONS),
          argument.filter((text) => text !== "-"),
        ),
        { maxLength: 6 },
      ),
      (command, drawn) =>
        inFolder(async (_, write) => {
          // Never the network, never the project's own files.
          const file = write("Pulumi.staging.yaml", yaml(STACKS[0]));
          const given = ["diagnose", "preflight"].includes(command) ? ["--from", collectionOf("healthy")] : [];
          const feed = command === "diagnose" ? ["--incidents", QUIET_FEED] : [];
          const own = ["guard", "comment", "drift", "way-back"].includes(command) ? [] : ["--config-file", file];
          const exported = command === "recover" ? [write("export.json", "{}")] : [];
          await held({ command, args: [...own, ...given, ...feed, ...exported, ...drawn] });
        }),
    ),
};

/** The pack's own server, with the resources of the stack. */
function packTarget(): Target {
  let started: Promise<{ readonly pack: PackServer; readonly resources: readonly RegisteredResource[] }> | undefined;
  const start = async () => {
    const configuration = STACKS[2] ?? {};
    const all = await evaluate("staging", configuration, () => declare(readSettings(configurationOfRun())));
    // Alerts are most of the resources, and alike.
    const resources = all.filter(({ type }) => !type.startsWith("gcp:monitoring/"));
    return {
      pack: await PackServer.start(join(PROJECT_ROOT, "policy"), { name: "staging", configuration }),
      resources,
    };
  };
  return {
    name: "pack inputs",
    property: () =>
      fc.asyncProperty(
        fc.array(fc.record({ which: fc.nat(400), edits }), { minLength: 1, maxLength: 5 }),
        async (changes) => {
          started ??= start();
          const { pack, resources } = await started;
          const changed = [...resources];
          for (const { which, edits: some } of changes) {
            const index = which % changed.length;
            const resource = changed[index];
            if (!resource) continue;
            const value = edited(resource.inputs, some).value;
            // The engine sends an object, without what JSON does not have.
            const inputs = JSON.parse(
              JSON.stringify(value !== null && typeof value === "object" && !Array.isArray(value) ? value : { value }),
            ) as Record<string, unknown>;
            changed[index] = { ...resource, inputs, outputs: { ...resource.outputs, ...inputs } };
          }
          const before = performance.now();
          const found = await pack.judge(changed, { project: "netra-staging", region: "us-central1" });
          const problems = [
            ...problemsOf(found.map(({ message }) => message).join("\n"), 0, [0]),
            ...secondsSince(before),
          ];
          if (problems.length > 0)
            throw new Error(
              `the pack: ${problems.join("; ")}\n${found
                .map(({ policy, message }) => `${policy}: ${message}`)
                .filter((line) => /rule itself|hunter2/.test(line))
                .join("\n")}`,
            );
        },
      ),
    close: () => void started?.then(({ pack }) => pack.stop()),
  };
}

/** All; `bench` and `generate` are left out: they have no input. */
export const targets = (): readonly Target[] => [
  stackFiles,
  previews,
  pipelines,
  commandLines,
  collections,
  packTarget(),
  reports,
  interrupted,
  standardInput,
  ...outside(),
];
