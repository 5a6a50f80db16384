/** What a call prints, and its exit code. Changes the project. */
export function gcloud(
  args: readonly string[],
  state: object,
): { readonly code: number; readonly stdout: string; readonly stderr: string };
