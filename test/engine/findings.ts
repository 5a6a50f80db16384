import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { infoOf } from "../../policy/framework/rule";
import { rules } from "../../policy/rules";
import { type Environment, PACK } from "./environment";

/** What the pack says of one resource, as the CLI prints it. */
export interface Finding {
  readonly rule: string;
  /** Pulumi's name of the resource that is blamed. */
  readonly resource: string;
  readonly level: string;
  readonly message: string;
}

/** The section `Policies:` of what a preview or an update prints, in its order. */
export function findingsIn(stdout: string): Finding[] {
  const blocks = stdout.matchAll(/^ {8}- \[(\w+)\] \[severity: \w+\] {2}(\S+) {2}\(\S+: (\S+)\)\n((?: {10}.*\n)+)/gm);
  return [...blocks].map(([, level = "", rule = "", resource = "", text = ""]) => {
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => line.slice(10));
    // What the rule is for stands above a message, not above that of a waived finding.
    const isInfo = rules.some((one) => one.name === rule && infoOf(one) === lines[0]);
    return { rule, resource, level, message: lines.slice(isInfo ? 1 : 0).join("\n") };
  });
}

/** The CLI's arguments for the pack, with a configuration of its own. */
export function packWith(environment: Environment, configuration: Readonly<Record<string, unknown>>): string[] {
  const file = join(environment.folder, "pack.json");
  writeFileSync(file, JSON.stringify(configuration));
  return ["--policy-pack", PACK, "--policy-pack-config", file];
}
