import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { withImage } from "../delivery/image";
import { command, EXIT, run } from "./command";
import { textIn } from "./input";
import { PROJECT_ROOT } from "./stack-file";

interface Options {
  readonly stack: string;
  readonly configFile?: string;
}

const imaging = command("image", "Writes the image of a service, by digest, into the stack file; comments stay.")
  .argument("<service>", "the service's key in netra:services: backend")
  .argument("<image>", "REGISTRY/NAME@sha256:DIGEST")
  .option("--stack <name>", "the stack: Pulumi.<name>.yaml", "staging")
  .option("--config-file <file>", "write to this stack file instead, as pulumi's option of the same name reads it");

void run(imaging, async () => {
  const { stack, configFile } = imaging.opts<Options>();
  const [service = "", image = ""] = imaging.args;
  const name = configFile ?? `Pulumi.${stack}.yaml`;
  const file = configFile ?? join(PROJECT_ROOT, name);
  const before = textIn(file, {
    because: "the image is written there",
    fix: "name a stack file that exists",
    option: configFile === undefined ? "--stack" : "--config-file",
  });
  const after = withImage(before, name, service, image);
  if (after !== before) writeFileSync(file, after);
  process.stdout.write(`${name}: ${service} ${after === before ? "has that image already" : `now has ${image}`}\n`);
  return EXIT.sound;
});
