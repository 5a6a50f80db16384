import { readFileSync } from "node:fs";
import { join } from "node:path";
import { capacityOf } from "../../../commands/diagnose/capacity";
import { type Diagnosis, diagnose } from "../../../commands/diagnose/diagnosis";
import type { Collection } from "../../../commands/shared/cloud/classify";
import { deployedFrom } from "../../../commands/shared/cloud/deployed";
import type { Finding } from "../../../policy/framework/outcome";
import { stagingSettings } from "../../stack-settings";

/** The folder of one collection, hand-written in the shapes that gcloud prints. */
export const collectionOf = (name: "healthy" | "incident" | "partial") =>
  join(__dirname, "../../fixtures/gcloud", name);
/** A feed whose incidents are over. */
export const QUIET_FEED = join(__dirname, "../../fixtures/gcloud/incidents-none.json");

// biome-ignore lint/suspicious/noExplicitAny: the shape is gcloud's, and a test reads or changes one field of it
export const fixture = (name: "healthy" | "incident" | "partial", file: string): any =>
  JSON.parse(readFileSync(join(collectionOf(name), file), "utf8"));

export const settings = stagingSettings({});
export const LOCATION = { project: "netra-staging", region: "us-central1" };

/** The diagnosis of a collection, with what the pack would say of it, and nothing of what commands make of it. */
export function diagnosisOf(read: Collection, judged: readonly Finding[] = [], of = settings): Diagnosis {
  const { collection, deployed, notes } = deployedFrom(read, LOCATION);
  return diagnose({
    settings: of,
    collection,
    deployed,
    capacities: capacityOf(deployed, of),
    judge: (resources) => (resources === deployed ? judged : []),
    plan: [],
    judgeUp: () => [],
    region: { findings: [], answer: "" },
    notes,
    hour: undefined,
  });
}
