import { command, EXIT, type Runnable } from "../shared/command";
import { editStackFile, withEditOptions } from "../shared/edit";
import type { StackOptions } from "../shared/stack-file";
import { withImage } from "./image";

export function imageCommand(): Runnable {
  const definition = withEditOptions(
    command("image", "Writes the image of a service, by digest, into the stack file and keeps comments.")
      .argument("<service>", "the service's key in netra:services: backend")
      .argument("<image>", "REGISTRY/NAME@sha256:DIGEST")
      .option(
        "--registry <host/path>",
        "take images of this registry only (default: of Artifact Registry in the stack's project)",
      ),
  );
  return {
    definition,
    action: async ({ stdout }) => {
      const [service = "", image = ""] = definition.args;
      const { registry, ...where } = definition.opts<StackOptions & { readonly registry?: string }>();
      const { name, isChanged } = await editStackFile(where, "the image is written there", (before, name) =>
        withImage(before, name, service, image, registry),
      );
      stdout.write(`${name}: ${service} ${isChanged ? `now has ${image}` : "has that image already"}\n`);
      return EXIT.sound;
    },
  };
}
