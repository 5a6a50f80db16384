import { Marked } from "marked";
import type { Plot } from "./plots";

/**
 * The report as one file that opens from disk without network: the Markdown's own sections, and plots where people
 * would rather look than read. Light and dark follow the reader's system.
 */
export function page(headline: string, ok: boolean, sections: string, plots: readonly Plot[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(headline)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1 class="${ok ? "sound" : "refused"}">${escaped(headline)}</h1>
<div class="plots">
${plots.map(figure).join("\n")}
</div>
${markdown.parse(sections)}
</main>
</body>
</html>
`;
}

function figure({ title, svg, alternative }: Plot): string {
  return `<figure role="group" aria-label="${escaped(title)}"><h2>${escaped(title)}</h2>${svg}<figcaption>${escaped(alternative)}</figcaption></figure>`;
}

// Text from the stack file must not become markup; a wide table scrolls in its own box.
const markdown = new Marked({
  async: false,
  renderer: {
    html: ({ text }) => escaped(text),
    // The report has no links of its own: what looks like one came with a value, and a page must load nothing.
    link: ({ raw }) => escaped(raw),
    image: ({ raw }) => escaped(raw),
    table(token) {
      const row = (cells: typeof token.header, tag: string) =>
        `<tr>${cells.map((cell) => `<${tag}${cell.align ? ` class="${cell.align}"` : ""}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join("")}</tr>`;
      return `<div class="scroll" tabindex="0"><table><thead>${row(token.header, "th")}</thead><tbody>${token.rows.map((cells) => row(cells, "td")).join("")}</tbody></table></div>`;
    },
  },
});

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);

const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1d2126; --muted: #5a6470; --grid: #e3e7eb; --limit: #b3261e; --sound: #1a7f37;
  --series-1: #1f6feb; --series-2: #8250df; --series-3: #0a7b83; --series-4: #9a6700; --series-5: #bf3989; --series-6: #57606a; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --ink: #e6e9ec; --muted: #9aa4af; --grid: #2c333a; --limit: #ff8a80; --sound: #56d364;
  --series-1: #6cb0ff; --series-2: #c39bff; --series-3: #4fd1d9; --series-4: #e3b341; --series-5: #ff8fc8; --series-6: #b1bac4; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.4rem; line-height: 1.3; border-left: .35rem solid var(--sound); padding-left: .8rem; }
h1.refused { border-color: var(--limit); }
h2 { font-size: 1.1rem; margin: 1.6rem 0 .5rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 1rem; }
figure { margin: 0; padding: .5rem .8rem .8rem; border: 1px solid var(--grid); border-radius: .5rem; min-width: 0; }
figure h2 { margin: 0 0 .3rem; font-size: 1rem; }
figure svg { display: block; width: 100%; max-width: 34rem; height: auto; margin: 0 auto; }
figcaption { color: var(--muted); font-size: .9rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--grid); text-align: left; vertical-align: top; }
th.right, td.right { text-align: right; }
td.right { font-variant-numeric: tabular-nums; white-space: nowrap; }
li { overflow-wrap: anywhere; }
`;
