import { cloudSqlLimits } from "../../capacity/limits";
import { type Problem, problem } from "../../capacity/problem";
import type { StackResource } from "../framework/rule";
import { flagsOf, settingsOf, versionOf } from "./database";
import type { InstanceClients } from "./direct-clients";

/*
 * Compares an instance's requirements with its clients.
 * Source: the reference of gcp.sql.DatabaseInstance and gcp.sql.User; GoogleCloudPlatform/cloud-sql-proxy 848;
 * terraform-provider-google 18405.
 */

const names = (labels: readonly string[]) => labels.join(" and ");

/** An instance that is switched off. */
export function stoppedProblem(instance: StackResource, users: readonly string[]): Problem | undefined {
  const settings = settingsOf(instance);
  const policy = settings.knownOnly().choice("activationPolicy");
  if (policy !== "NEVER") return undefined;
  const because =
    users.length > 0
      ? `the instance does not run, and ${names(users)} ${users.length > 1 ? "use" : "uses"} it`
      : "the instance does not run, and is paid for";
  return problem({
    setting: settings.at("activationPolicy"),
    value: policy,
    must: "be ALWAYS",
    because,
    fix: "ALWAYS",
  });
}

/** Requirements of the instance that clients which dial its address do not meet. */
export function demandProblems(instance: StackResource, direct: InstanceClients["direct"]): Problem[] {
  const settings = settingsOf(instance);
  const ip = settings.isUnknown("ipConfiguration") ? undefined : settings.object("ipConfiguration").knownOnly();
  const demand = (
    setting: string,
    value: string,
    fix: string,
    clients: InstanceClients["direct"],
    consequence: string,
  ) => {
    if (clients.length === 0) return [];
    const because = `${names([...new Set(clients.map(({ label }) => label))])} dial${clients.length > 1 ? "" : "s"} the instance's address, and ${consequence}`;
    return [
      problem({
        setting,
        value,
        must: `be ${fix}`,
        because,
        fix: `${fix}, or connect through the Auth Proxy or a connector library`,
      }),
    ];
  };
  const enforcement = settings.knownOnly().choice("connectorEnforcement");
  if (enforcement === "REQUIRED")
    return demand(
      settings.at("connectorEnforcement"),
      enforcement,
      "NOT_REQUIRED",
      direct,
      "it rejects every connection that comes from neither the Auth Proxy nor a connector",
    );
  const sslMode = ip?.choice("sslMode");
  const without = direct.filter(({ mayHaveCertificate }) => !mayHaveCertificate);
  if (ip && sslMode === "TRUSTED_CLIENT_CERTIFICATE_REQUIRED")
    return demand(
      ip.at("sslMode"),
      sslMode,
      "ENCRYPTED_ONLY",
      without,
      "it rejects every connection without a client certificate",
    );
  return [];
}

/** Direct clients that turn encryption off although the instance requires it, each with its problem. */
export function plainClientProblems(
  instance: StackResource,
  direct: InstanceClients["direct"],
): { readonly problem: Problem; readonly resource: StackResource }[] {
  const settings = settingsOf(instance);
  const ip = settings.isUnknown("ipConfiguration") ? undefined : settings.object("ipConfiguration").knownOnly();
  if (!cloudSqlLimits.encryptedSslModes.value.includes(ip?.choice("sslMode") ?? "")) return [];
  return direct.flatMap(({ label, resource, plainBy }) =>
    plainBy === undefined
      ? []
      : [
          {
            problem: problem({
              setting: plainBy,
              value: "sslmode disable",
              must: "let the connection be encrypted",
              because: `the instance refuses every connection that is not, and ${label} dials its address`,
              fix: "sslmode require",
            }),
            resource,
          },
        ],
  );
}

/** Users that log in with a Google identity; `undefined`: with a password. */
export function identityOf({ properties }: StackResource): string | undefined {
  const type = properties.knownOnly().choice("type") ?? "";
  return type.startsWith("CLOUD_IAM_") ? type : undefined;
}

const isMySql = (instance: StackResource) => versionOf(instance).startsWith("MYSQL_");

export function identityFlagProblems(instance: StackResource, users: readonly StackResource[]): Problem[] {
  if (users.length === 0 || versionOf(instance).startsWith("SQLSERVER_")) return [];
  const flag = isMySql(instance) ? "cloudsql_iam_authentication" : "cloudsql.iam_authentication";
  const value = flagsOf(instance, flag)[0]?.text("value");
  if (value?.toLowerCase() === "on") return [];
  const logged = names(users.map(({ name, properties }) => properties.knownOnly().text("name") ?? name));
  return [
    problem({
      setting: `${settingsOf(instance).at("databaseFlags")}[${flag}]`,
      value,
      must: "be on",
      because: `${logged} ${users.length > 1 ? "log" : "logs"} in with IAM, which the instance refuses without it`,
      fix: "on",
    }),
  ];
}

const SUFFIX = ".gserviceaccount.com";

export function identityNameProblems(user: StackResource, instance: StackResource): Problem[] {
  const name = user.properties.knownOnly().text("name");
  if (identityOf(user) !== "CLOUD_IAM_SERVICE_ACCOUNT" || isMySql(instance) || !name?.endsWith(SUFFIX)) return [];
  return [
    problem({
      setting: "name",
      value: name,
      must: `not end in ${SUFFIX}`,
      because: "PostgreSQL knows a service account by its address without it, and the user could never log in",
      fix: name.slice(0, -SUFFIX.length),
    }),
  ];
}
