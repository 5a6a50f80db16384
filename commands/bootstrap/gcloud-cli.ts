import { execFile } from "node:child_process";
import { inputError } from "../../capacity/problem";

/** How a call of gcloud ended. */
export interface GcloudResult {
  readonly code: number;
  readonly stdout: string;
  /** gcloud's error message in one line. */
  readonly error: string;
}

/** Runs the `gcloud` on the PATH without prompts. @throws InputError where there is none. */
export function gcloud(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<GcloudResult> {
  const env = { ...environment, CLOUDSDK_CORE_DISABLE_PROMPTS: "1" };
  return new Promise((resolve, reject) => {
    execFile("gcloud", args, { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error?.code === "ENOENT") return reject(missing());
      resolve(gcloudResult(typeof error?.code === "number" ? error.code : error ? 1 : 0, stdout, stderr));
    });
  });
}

export const gcloudResult = (code: number, stdout: string, stderr: string): GcloudResult => ({
  code,
  stdout,
  error: errorText(stderr),
});

/** Whether gcloud reports that it does not exist, and not that access is denied. */
export const isAbsent = ({ code, error }: GcloudResult) =>
  code !== 0 &&
  /NOT_FOUND|not found|cannot find|does not exist/i.test(error) &&
  !/PERMISSION_DENIED|denied/i.test(error);

/** A command line as a shell reads it, always in one line: it may stand in a comment. */
export const commandLine = (args: readonly string[]) => ["gcloud", ...args].map(quoted).join(" ");

function quoted(part: string): string {
  if (/^[\w@%+=:,./-]+$/.test(part)) return part;
  if (part.search(CONTROL) < 0) return `'${part.replaceAll("'", "'\\''")}'`;
  const escaped = part.replaceAll(/[\\']/g, "\\$&");
  return `$'${escaped.replaceAll(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)}'`;
}

/** Control characters, such as the end of a line. */
const CONTROL = /\p{Cc}/gu;

/** The text from the last `ERROR:`; warnings come before it. */
function errorText(stderr: string): string {
  const text = stderr.slice(Math.max(0, stderr.lastIndexOf("ERROR: ")));
  return text
    .replace(/^ERROR: (\(gcloud[^)]*\) )?/, "")
    .replaceAll(/\s+/g, " ")
    .trim()
    .replace(/\.$/, "");
}

const missing = () =>
  inputError(
    "gcloud",
    "must be on the PATH because this command runs it; install the Google Cloud CLI (cloud.google.com/sdk/docs/install), and log in with `gcloud auth login`",
  );
