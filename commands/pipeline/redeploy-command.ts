import { command, EXIT, type Runnable } from "../shared/command";
import { editStackFile, withEditOptions } from "../shared/edit";
import type { StackOptions } from "../shared/stack-file";
import { type Redeployed, redeployed } from "./redeploy";

export function redeployCommand(): Runnable {
  const definition = withEditOptions(
    command(
      "redeploy",
      "Raises the redeploy counts of services in the stack file and keeps comments. The next `up` then creates a new revision of each with the same template; a failed revision is not retried otherwise.",
    ).argument("<services...>", "the services' keys in netra:services: auth backend"),
  );
  return {
    definition,
    action: async ({ stdout }) => {
      let counts: Redeployed["counts"] = {};
      const { name } = await editStackFile(
        definition.opts<StackOptions>(),
        "the counts are written there",
        (before, name) => {
          const edited = redeployed(before, name, definition.args);
          counts = edited.counts;
          return edited.text;
        },
      );
      for (const [service, count] of Object.entries(counts))
        stdout.write(`${name}: ${service} now has redeploy ${count}; \`npm run up\` makes the revision\n`);
      return EXIT.sound;
    },
  };
}
