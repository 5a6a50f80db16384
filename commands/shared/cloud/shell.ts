/** Quotes a word for a shell, since saved files may contain anything. */
export const word = (text: string) => (/^[\w@%+=:,./-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/**
 * A list as one word. gcloud separates at commas by default (`gcloud topic escaping`), and a value may hold
 * one.
 */
export function listWord(items: readonly string[]): string {
  const isPlain = !items.some((item) => item.includes(",") || item.startsWith("^"));
  const separator = [";", "|", "#", "~"].find((one) => !items.some((item) => item.includes(one))) ?? ";";
  return word(isPlain ? items.join(",") : `^${separator}^${items.join(separator)}`);
}
