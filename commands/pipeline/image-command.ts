import { writeFileSync } from "node:fs";
import { command, EXIT, type Runnable } from "../shared/command";
import { editedFile, withEditOptions } from "../shared/edit";
import type { StackOptions } from "../shared/stack-file";
import { withImage } from "./image";

export function imageCommand(): Runnable {
  const definition = withEditOptions(
    command("image", "Writes the image of a service, by digest, into the stack file and keeps comments.")
      .argument("<service>", "the service's key in netra:services: backend")
      .argument("<image>", "REGISTRY/NAME@sha256:DIGEST"),
  );
  return {
    definition,
    action: async ({ stdout }) => {
      const { name, path, before } = editedFile(definition.opts<StackOptions>(), "the image is written there");
      const [service = "", image = ""] = definition.args;
      const after = withImage(before, name, service, image);
      if (after !== before) writeFileSync(path, after);
      stdout.write(`${name}: ${service} ${after === before ? "has that image already" : `now has ${image}`}\n`);
      return EXIT.sound;
    },
  };
}
