import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROJECT_ROOT } from "../../../commands/shared/stack-file";
import { commandNamed } from "../child";

/* With a `pulumi` that only answers. On the real engine: test/engine/failed-revisions.test.ts, first-contact.test.ts. */

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "netra-up-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Reports an update, and ends with the code. */
const UPDATE = `
const { createRequire } = require("node:module");
const load = createRequire("${join(PROJECT_ROOT, "package.json")}");
const grpc = load("@grpc/grpc-js");
const { EventsClient } = load("@pulumi/pulumi/proto/events_grpc_pb");
const { EventRequest } = load("@pulumi/pulumi/proto/events_pb");
const [, , code, ...args] = process.argv;
const address = args[args.indexOf("--event-log") + 1].replace("tcp://", "");
const call = new EventsClient(address, grpc.credentials.createInsecure()).streamEvents(() => process.exit(Number(code)));
const request = new EventRequest();
request.setEvent(JSON.stringify({ summaryEvent: { isPreview: false } }));
call.write(request);
call.end();
`;

test.each([
  ["that succeeded", 0, 2],
  ["that failed", 255, 255],
])("says after an update %s that its state cannot be read", async (_, code, expected) => {
  const bin = mkdtempSync(join(folder, "bin-"));
  writeFileSync(join(bin, "update.cjs"), UPDATE);
  writeFileSync(
    join(bin, "pulumi"),
    `#!/bin/sh
case "$1 $2" in
  "version "*) echo v3.259.0;;
  "whoami "*) echo '{"url": "https://api.pulumi.com"}';;
  "up "*) exec node ${join(bin, "update.cjs")} ${code} "$@";;
  *) echo "error: no lock on the state" >&2; exit 1;;
esac
`,
  );
  chmodSync(join(bin, "pulumi"), 0o755);
  const PATH = [bin, dirname(process.execPath), process.env.PATH].join(delimiter);
  const up = commandNamed("up", { ...process.env, PATH, PULUMI_CONFIG_PASSPHRASE: "" });
  expect(await up("--stack", "staging")).toEqual({
    code: expected,
    stdout: "",
    stderr:
      "'pulumi stack export' must succeed because the state shows what the update left behind (no lock on the state); run it yourself, then 'npm run diagnose'\n",
  });
});
