import { flagMib, maxConnectionsProblems, statedMaxConnectionsProblems } from "../../../capacity/constraints/cloudsql";
import { problem } from "../../../capacity/problem";
import { SQL_INSTANCE } from "../../../config/resource-types";
import { MalformedValueError } from "../../framework/inputs";
import { type Resource, resourceRule } from "../../framework/rule";
import { databaseSetting, flagsOf, isPostgresInstance, isReplica, settingsOf } from "../../resources/database";

export const databaseMaxConnections = resourceRule({
  name: "database-max-connections",
  info: "A PostgreSQL instance states max_connections within the flag's range and the tier's memory, and states no flag twice.",
  why: "Google's default changes with the tier, and too many backends run the instance out of memory.",
  severity: "high",
  remediation: "State the flag max_connections in settings.databaseFlags; raise the tier before the flag.",
  types: [SQL_INSTANCE],
  judge(resource, { refuse }) {
    if (!isPostgresInstance(resource)) return;
    const tier = settingsOf(resource).text("tier") ?? "";
    const names = settingsOf(resource)
      .list("databaseFlags")
      .map((flag) => flag.text("name") ?? "");
    const twice = names.filter((name, i) => names.indexOf(name) < i);
    for (const flag of new Set(twice))
      refuse(
        problem({
          setting: `settings.databaseFlags[${flag}]`,
          value: "stated more than once",
          must: "be stated once",
          because: "only one of the values can count",
          fix: "the intended one",
        }),
      );
    if (twice.length > 0) return;
    const maxConnections = flagsOf(resource, "max_connections")[0]?.number("value");
    if (maxConnections === undefined)
      return refuse(...statedMaxConnectionsProblems(tier, databaseSetting, isReplica(resource)));
    const size = {
      tier,
      maxConnections,
      sharedBuffersMib: memoryFlag(resource, "shared_buffers"),
      workMemMib: memoryFlag(resource, "work_mem"),
    };
    refuse(...maxConnectionsProblems(size, databaseSetting));
  },
});

function memoryFlag(resource: Resource, flag: "shared_buffers" | "work_mem"): number | undefined {
  const value = flagsOf(resource, flag)[0]?.number("value");
  if (value === undefined) return undefined;
  if (!Number.isInteger(value) || value < 1)
    throw new MalformedValueError(`settings.databaseFlags[${flag}] must be a whole number of its units, at least 1`);
  return flagMib(flag, value);
}
