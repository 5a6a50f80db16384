import { versionProblems } from "../../../capacity/constraints/cloudsql";
import { lifeProblems } from "../../../capacity/constraints/postgres-life";
import { today } from "../../../capacity/today";
import { SQL_INSTANCE } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";
import { databaseSetting } from "../../resources/database";

export const databaseVersion = resourceRule<{ today: string }>({
  name: "database-version",
  info: "A database instance's version has Cloud SQL's form; a version in extended support is advised against.",
  why: "No preview checks the version, and the rules that apply to an instance depend on it; extended support is charged per vCPU.",
  severity: "medium",
  remediation: "Set databaseVersion to a value such as POSTGRES_17.",
  types: [SQL_INSTANCE],
  config: {
    today: {
      type: "string",
      pattern: "^(\\d{4}-\\d{2}-\\d{2})?$",
      description: "The day that versions are judged at, YYYY-MM-DD; empty: NETRA_TODAY, else the day of the run.",
      default: "",
    },
  },
  judge({ properties }, { config, refuse, advise }) {
    const version = properties.text("databaseVersion");
    refuse(...versionProblems(version, databaseSetting));
    if (version) advise(...lifeProblems(version, config.today || today(), 0, databaseSetting));
  },
});
