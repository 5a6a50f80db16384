import * as pulumi from "@pulumi/pulumi";
import { unknown } from "@pulumi/pulumi/output";

/**
 * An output that is never empty once the resource matches the program. A preview of an update shows the old value: if
 * that is empty, as on an adopted resource without the feature, the new value is not known yet.
 */
export function knownAfterUpdate(output: pulumi.Output<string>): pulumi.Output<string> {
  // The SDK accepts its sentinel for an unknown value as a value of any type, which its types do not show.
  const later = unknown as unknown as string;
  return output.apply((value) => (value === "" && pulumi.runtime.isDryRun() ? later : value));
}
