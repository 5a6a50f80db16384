import * as pulumi from "@pulumi/pulumi";
import { staging } from "./stack";

// Resources that depend on a failed Output wait forever, and the update with them: end the run once the reason is
// logged.
process.on("unhandledRejection", (reason) => {
  if (pulumi.RunError.isInstance(reason))
    pulumi.log
      .error("The update stops here: nothing that depends on this has been changed.")
      .finally(() => process.exit(32));
});

export = staging();
