import { join } from "node:path";
import type { Command } from "commander";
import { textIn } from "./input";
import { PROJECT_ROOT, type StackOptions } from "./stack-file";

/** The options of a command that edits a stack file as text. */
export const withEditOptions = (command: Command): Command =>
  command
    .option("--stack <name>", "the stack: Pulumi.<name>.yaml", "staging")
    .option("--config-file <file>", "write to this stack file instead, as pulumi's option of the same name reads it");

/**
 * The stack file that is edited: how messages call it, where it is, and its text. @throws InputError where it cannot be
 * read.
 */
export function editedFile(
  { stack, configFile }: StackOptions,
  because: string,
): { readonly name: string; readonly path: string; readonly before: string } {
  const name = configFile ?? `Pulumi.${stack}.yaml`;
  const path = configFile ?? join(PROJECT_ROOT, name);
  const option = configFile === undefined ? "--stack" : "--config-file";
  return { name, path, before: textIn(path, { because, fix: "name a stack file that exists", option }) };
}
