import { writeFileSync } from "node:fs";
import { command, EXIT, run } from "../shared/command";
import { editedFile, withEditOptions } from "../shared/edit";
import type { StackOptions } from "../shared/stack-file";
import { redeployed } from "./redeploy";

const redeploying = withEditOptions(
  command(
    "redeploy",
    "Raises the count of redeploys of services in the stack file; comments stay. The next `up` then makes a new revision of each, with the same template: a revision that failed is not tried again otherwise.",
  ).argument("<services...>", "the services' keys in netra:services: auth backend"),
);

void run(redeploying, async () => {
  const { name, path, before } = editedFile(redeploying.opts<StackOptions>(), "the counts are written there");
  const { text, counts } = redeployed(before, name, redeploying.args);
  writeFileSync(path, text);
  for (const [service, count] of Object.entries(counts))
    process.stdout.write(`${name}: ${service} now has redeploy ${count}; \`npm run up\` makes the revision\n`);
  return EXIT.sound;
});
