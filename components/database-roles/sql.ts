/*
 * PostgreSQL's quoting: the only code that puts a name or a value into a statement.
 * Source: https://www.postgresql.org/docs/14/sql-syntax-lexical.html
 */

/** A name, quoted: `"netra_owner"`. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A text, quoted: `'30s'`. Backslashes are plain, because `standard_conforming_strings` is on. */
export const literal = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** An anonymous block in PL/pgSQL. Its dollar quote has a tag that the body does not contain. */
export function block(body: string): string {
  let tag = "netra";
  while (body.includes(`$${tag}$`)) tag += "_";
  return `DO $${tag}$ BEGIN ${body} END $${tag}$`;
}
