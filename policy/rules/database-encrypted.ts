import { cloudSqlLimits } from "../../capacity/limits";
import { problem } from "../../capacity/problem";
import { settingsOf } from "../database";
import { resourceRule } from "../rule";
import { SQL_INSTANCE } from "../types";

export const databaseEncrypted = resourceRule({
  name: "database-encrypted",
  info: "A database instance takes encrypted connections only.",
  why: "Without sslMode passwords and rows may cross the network in plain text.",
  severity: "high",
  remediation: "Set settings.ipConfiguration.sslMode to ENCRYPTED_ONLY or TRUSTED_CLIENT_CERTIFICATE_REQUIRED.",
  types: [SQL_INSTANCE],
  judge(resource, { refuse }) {
    const ip = settingsOf(resource).object("ipConfiguration");
    const sslMode = ip.text("sslMode");
    const encrypted = cloudSqlLimits.encryptedSslModes.value;
    if (sslMode && encrypted.includes(sslMode)) return;
    refuse(
      problem({
        setting: ip.at("sslMode"),
        value: sslMode,
        must: `be ${encrypted.join(" or ")}`,
        because: "the instance otherwise lets unencrypted connections in",
        fix: "ENCRYPTED_ONLY",
      }),
    );
  },
});
