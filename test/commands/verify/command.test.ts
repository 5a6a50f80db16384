import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { onReference } from "../../stack-settings";
import { commandNamed, type Ended, processOf } from "../child";
import { applications, CREDENTIALS } from "./application";

const { start, authority } = applications();

let folder = "";
let environment: NodeJS.ProcessEnv = {};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "netra-verify-"));
  writeFileSync(join(folder, "ca.pem"), authority().ca);
  // Nobody's Google credentials, on no machine: metrics stay open.
  const { GOOGLE_APPLICATION_CREDENTIALS: _, ...rest } = process.env;
  environment = {
    ...rest,
    ...CREDENTIALS,
    HOME: folder,
    CLOUDSDK_CONFIG: folder,
    METADATA_SERVER_DETECTION: "none",
    NODE_EXTRA_CA_CERTS: join(folder, "ca.pem"),
  };
});
afterAll(() => rmSync(folder, { recursive: true }));

/** In a process of its own: Node reads NODE_EXTRA_CA_CERTS when it starts. */
const verifying = (args: readonly string[], changes: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  processOf("verify", { ...environment, ...changes })(...onReference(args));

/** Bad input reaches no host. */
const refused = (args: readonly string[], changes: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  commandNamed("verify", { ...environment, ...changes })(...onReference(args));

function file(name: string, content: object | string): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : stringify(content));
  return path;
}

/** A PATH on which `pulumi` is new enough and prints these outputs. */
function pulumiPrinting(outputs: unknown): string {
  const directory = mkdtempSync(join(folder, "path-"));
  writeFileSync(join(directory, "outputs.json"), JSON.stringify(outputs) ?? "");
  writeFileSync(
    join(directory, "pulumi"),
    `#!/bin/sh\ncase "$1 $2" in version*) echo v3.259.0;; "stack output") echo "$@" > ${directory}/asked; cat ${directory}/outputs.json;; *) exit 1;; esac\n`,
  );
  chmodSync(join(directory, "pulumi"), 0o755);
  return `${directory}:${process.env.PATH}`;
}

test("exits 0 on an application that behaves, 1 on one that does not, and prints one JSON object", async () => {
  const [good, bad] = await Promise.all([start(), start({ secrets: { backend: "another" } })]);
  const [proven, failed, json] = await Promise.all([
    verifying(["--hosts", file("good.yaml", { hosts: good.hosts })]),
    verifying(["--hosts", file("bad.yaml", { hosts: bad.hosts, limits: { attempts: 1 } })]),
    verifying(["--json", "--hosts", file("json.yaml", { hosts: good.hosts })]),
  ]);
  expect(proven).toMatchObject({ code: 0, stderr: "" });
  expect(proven.stdout).toMatch(/\n\nPASSED: everything that could be checked; 1 open\.\n$/);
  expect(proven.stdout).toMatch(/\nopen {7}start-up success: no Google credentials here\n/);
  expect(failed).toMatchObject({ code: 1, stderr: "" });
  expect(failed.stdout).toContain(
    "\nfailed     token accepted by backend: answered 401 to the token that auth has\n           just issued\n           means: auth and backend do not share one JWT secret",
  );
  expect(json.code).toBe(0);
  const verdict = JSON.parse(json.stdout);
  expect(verdict).toMatchObject({ stack: "staging", ok: true });
  expect(verdict.steps).toHaveLength(13);
  expect(verdict.steps.at(-1)).toMatchObject({ name: "start-up success", outcome: "open", isTolerated: true });
});

test("--from-outputs takes the addresses that pulumi prints", async () => {
  const { hosts } = await start();
  const PATH = pulumiPrinting({ connector: "c", databaseAddress: "10.107.0.3", urls: hosts });
  const { code, stdout } = await verifying(["--from-outputs"], { PATH });
  expect({ code, verdict: stdout.trimEnd().split("\n").at(-1) }).toEqual({
    code: 0,
    verdict: "PASSED: everything that could be checked; 1 open.",
  });
  expect(readFileSync(join(PATH.split(":")[0] ?? "", "asked"), "utf8")).toBe(
    "stack output --json --stack staging --non-interactive\n",
  );
});

test("exits 2 on bad input, with every problem and without a stack trace", async () => {
  const missing = join(folder, "missing.yaml");
  const unset = { VERIFY_EMAIL: "", VERIFY_PASSWORD: "" };
  const [neither, both, none, broken, empty, unknown, noOutputs, nothing, noPulumi] = await Promise.all([
    refused(["--stack", "none"]),
    refused(["--hosts", missing, "--from-outputs"]),
    refused(["--hosts", missing]),
    refused(["--hosts", file("broken.yaml", "hosts: [")]),
    refused(["--hosts", file("empty.yaml", "")]),
    refused(
      [
        "--json",
        "--hosts",
        file("unknown.yaml", {
          hosts: { auth: "https://localhost:1", backend: "https://localhost:1", analytics: "https://localhost:8002" },
        }),
      ],
      unset,
    ),
    refused(["--from-outputs"], { PATH: pulumiPrinting({}) }),
    refused(["--from-outputs"], { PATH: pulumiPrinting(undefined) }),
    refused(["--from-outputs"], { PATH: folder }),
  ]);
  expect(neither).toMatchObject({ code: 2, stdout: "" });
  expect(neither.stderr).toMatch(
    /^'--stack' must name a stack with a file of its own because Pulumi\.none\.yaml does not exist; [^\n]+\n'--hosts' and '--from-outputs' \(neither given\) must be given, and only one of them, because it names the hosts to verify; add '--hosts FILE' or '--from-outputs'\n$/,
  );
  expect(both.stderr).toBe(
    "'--hosts' and '--from-outputs' (both given) must be given, and only one of them, because it names the hosts to verify; add '--hosts FILE' or '--from-outputs'\n",
  );
  expect(none).toEqual({
    code: 2,
    stdout: "",
    stderr: `'--hosts' (${missing}) must be a file that can be read because it names the hosts; write one as in docs/verify.md\n`,
  });
  expect(broken.stderr).toMatch(
    /^'[^']+broken\.yaml' must be YAML because the hosts file is parsed as YAML; [^\n]+\n$/,
  );
  expect(empty.stderr).toMatch(
    /^'[^']+empty\.yaml' must have a section 'hosts' because it names the hosts of each service; write it as in docs\/verify\.md\n$/,
  );
  expect(unknown.code).toBe(2);
  expect(JSON.parse(unknown.stdout)).toMatchObject({
    stack: "staging",
    ok: false,
    problems: [
      { setting: "hosts.analytics" },
      { setting: "hosts.frontend" },
      { setting: "VERIFY_EMAIL" },
      { setting: "VERIFY_PASSWORD" },
    ],
  });
  expect(noOutputs.stderr).toBe(
    "'--stack' (staging) must have the output 'urls' because it contains the addresses; run 'npm run up -- --stack staging' first\n",
  );
  expect(nothing).toEqual(noOutputs);
  expect(noPulumi.stderr).toMatch(/^'pulumi' must be on the PATH because previews and updates run its engine; /);
  expect([both, broken, empty, noOutputs, noPulumi].map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
});
