import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Before 3.252 an import id that is not the canonical one could delete the resource later. Source: Pulumi's changelog. */
const LEAST = [3, 252] as const;
const INSTALL = `install Pulumi ${LEAST.join(".")} or newer (pulumi.com/docs/install) and put it on the PATH`;

/** What keeps the `pulumi` on the PATH from being used, as one line that says what to do; nothing where it can be. */
export async function pulumiProblem(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  let version: string;
  try {
    version = (await promisify(execFile)("pulumi", ["version"], { env: { ...environment, PULUMI_SKIP_UPDATE_CHECK: "true" } })).stdout.trim();
  } catch {
    return `'pulumi' must be on the PATH because previews and updates run on its engine; ${INSTALL}`;
  }
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  if (major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])) return undefined;
  return `'pulumi' (${version}) must be at least ${LEAST.join(".")} because an older one can delete an imported resource; ${INSTALL}`;
}
