import { expect, test } from "vitest";
import { databaseEncrypted } from "../../../../policy/rules/database/database-encrypted";
import { judge, UNKNOWN } from "../../harness";
import { soundDatabase } from "../../services";

const messages = async (sslMode: unknown, properties: object = {}) =>
  (await judge(databaseEncrypted, soundDatabase({ ipConfiguration: { ipv4Enabled: false, sslMode } }, properties))).map(
    (f) => f.message,
  );
const refused = (shown: string) => [
  `'settings.ipConfiguration.sslMode' (${shown}) must be ENCRYPTED_ONLY or stricter because otherwise the instance accepts unencrypted connections; set 'settings.ipConfiguration.sslMode' to ENCRYPTED_ONLY`,
];

test("accepts the two modes that let nothing unencrypted in", async () => {
  expect(await messages("ENCRYPTED_ONLY")).toEqual([]);
  expect(await messages("TRUSTED_CLIENT_CERTIFICATE_REQUIRED", { databaseVersion: "MYSQL_8_0" })).toEqual([]);
});

test("accepts the older requireSsl where no mode is stated", async () => {
  const older = (ip: object) =>
    judge(databaseEncrypted, soundDatabase({ ipConfiguration: { ipv4Enabled: false, ...ip } }));
  expect(await older({ requireSsl: true })).toEqual([]);
  expect(await older({ requireSsl: true, sslMode: "ALLOW_UNENCRYPTED_AND_ENCRYPTED" })).toHaveLength(1);
  expect(await older({ requireSsl: false })).toHaveLength(1);
});

test("refuses the open mode and none, whatever the engine", async () => {
  expect(await messages("ALLOW_UNENCRYPTED_AND_ENCRYPTED")).toEqual(refused("ALLOW_UNENCRYPTED_AND_ENCRYPTED"));
  expect(await messages(undefined)).toEqual(refused("not set"));
  expect(await messages(null)).toEqual(refused("not set"));
  expect(await messages("", { databaseVersion: "MYSQL_8_0" })).toEqual(refused("not set"));
  expect(await judge(databaseEncrypted, soundDatabase({ ipConfiguration: null }))).toHaveLength(1);
});

test("cannot evaluate a mode that is unknown at preview or no text", async () => {
  expect(await messages(UNKNOWN)).toEqual([
    "cannot evaluate: 'settings.ipConfiguration.sslMode' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages(true)).toEqual(["cannot evaluate: settings.ipConfiguration.sslMode must be a text"]);
});
