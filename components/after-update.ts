import * as pulumi from "@pulumi/pulumi";
import { unknown } from "@pulumi/pulumi/output";

/**
 * An output that is never empty once the resource is as declared. A preview of an update shows the value from before
 * it: where that is empty, as on an adopted resource that lacks the feature so far, the true one is not known yet.
 */
export function knownAfterUpdate(output: pulumi.Output<string>): pulumi.Output<string> {
  // The SDK takes its mark of an unknown value for a value of any type, and its types do not say so.
  const later = unknown as unknown as string;
  return output.apply((value) => (value === "" && pulumi.runtime.isDryRun() ? later : value));
}
