import { cloudName } from "../../../policy/resources/cloud-name";
import type { Collection } from "./classify";

/** The state of each version that was found, by secret and version. */
export function versionStates({ objects }: Collection): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const states = new Map<string, Map<string, string>>();
  for (const { source, object } of objects) {
    if (source !== "versions") continue;
    const [secret, version] = [
      cloudName(String(object.name), "secrets")?.name ?? "",
      cloudName(String(object.name))?.name ?? "",
    ];
    states.set(secret, (states.get(secret) ?? new Map<string, string>()).set(version, String(object.state)));
  }
  return states;
}

/** The newest of a secret's versions that is enabled. */
export function newestEnabledOf(versions: ReadonlyMap<string, string>): number | undefined {
  const enabled = [...versions].filter(([, state]) => state === "ENABLED").map(([version]) => Number(version));
  return enabled.toSorted((a, b) => b - a)[0];
}
