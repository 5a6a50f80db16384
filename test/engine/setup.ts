import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pulumiProblem } from "../../engine/pulumi-cli";
import { buildTwin } from "../cloud/plugins";

/** Names the folder of the environments that are up already, for the tests that start from one. */
export const SNAPSHOTS = "NETRA_ENGINE_SNAPSHOTS";

/** Without a usable `pulumi` no test would say anything about the engine: the run fails. */
export default async function setup(): Promise<() => void> {
  const problem = await pulumiProblem(process.env);
  if (problem) {
    // An error would come with a stack trace, below which nobody reads the line.
    console.error(problem);
    process.exit(1);
  }
  const folder = mkdtempSync(join(tmpdir(), "netra-twin-"));
  await buildTwin(folder);
  const snapshots = join(folder, "snapshots");
  mkdirSync(snapshots);
  process.env[SNAPSHOTS] = snapshots;
  return () => rmSync(folder, { recursive: true });
}
