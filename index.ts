import * as pulumi from "@pulumi/pulumi";
import { staging } from "./stack";

// What waits for an Output that has failed waits for ever, and the update with it: end the run once the reason is told.
process.on("unhandledRejection", (reason) => {
  if (pulumi.RunError.isInstance(reason))
    pulumi.log
      .error("The update stops here: nothing that depends on this has been changed.")
      .finally(() => process.exit(32));
});

export = staging();
