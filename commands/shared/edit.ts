import { join } from "node:path";
import type { Command } from "commander";
import { inputError } from "../../capacity/problem";
import { textIn } from "./input";
import { PROJECT_ROOT, type StackOptions } from "./stack-file";
import { editFile } from "./write";

/** The options of a command that edits a stack file as text. */
export const withEditOptions = (command: Command): Command =>
  command
    .option("--stack <name>", "the stack: Pulumi.<name>.yaml", "staging")
    .option("--config-file <file>", "write to this stack file instead, as pulumi's option of the same name reads it");

/**
 * Edits a stack file as text, alone and as a whole.
 * @param because why it is needed, as its problem says it.
 * @param edit takes the text, and how messages call the file.
 * @throws InputError where it cannot be read or written.
 */
export async function editStackFile(
  { stack, configFile }: StackOptions,
  because: string,
  edit: (before: string, name: string) => string,
): Promise<{ readonly name: string; readonly isChanged: boolean }> {
  if (configFile === "-")
    throw inputError("--config-file", "(-) must be a file because it is written to; name a stack file that exists");
  const name = configFile ?? `Pulumi.${stack}.yaml`;
  const path = configFile ?? join(PROJECT_ROOT, name);
  const option = configFile === undefined ? "--stack" : "--config-file";
  const read = () => textIn(path, { because, fix: "name a stack file that exists", option });
  return { name, isChanged: (await editFile(path, read, (before) => edit(before, name))) === "changed" };
}
