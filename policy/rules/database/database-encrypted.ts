import { cloudSqlLimits } from "../../../capacity/limits";
import { problem } from "../../../capacity/problem";
import { SQL_INSTANCE } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";
import { settingsOf } from "../../resources/database";

export const databaseEncrypted = resourceRule({
  name: "database-encrypted",
  info: "A database instance accepts only encrypted connections.",
  why: "Without sslMode passwords and rows may cross the network in plain text.",
  severity: "high",
  remediation:
    "Set settings.ipConfiguration.sslMode to ENCRYPTED_ONLY. TRUSTED_CLIENT_CERTIFICATE_REQUIRED also demands a certificate of every client.",
  types: [SQL_INSTANCE],
  judge(resource, { refuse }) {
    const ip = settingsOf(resource).object("ipConfiguration");
    const sslMode = ip.choice("sslMode");
    if (sslMode ? cloudSqlLimits.encryptedSslModes.value.includes(sslMode) : ip.flag("requireSsl") === true) return;
    refuse(
      problem({
        setting: ip.at("sslMode"),
        value: sslMode,
        must: "be ENCRYPTED_ONLY or stricter",
        because: "otherwise the instance accepts unencrypted connections",
        fix: "ENCRYPTED_ONLY",
      }),
    );
  },
});
