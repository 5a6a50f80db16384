import { Marked } from "marked";
import { PALETTE } from "./palette";
import type { Plot } from "./plots/draw";

interface Content {
  /** Markdown above the plots: what a refused plan must change. */
  readonly findings?: string;
  readonly plots: readonly Plot[];
  /** Markdown below them. */
  readonly sections: string;
}

/**
 * The report as one file that opens from disk without network: the Markdown's own sections, and plots where people
 * would rather look than read. Light and dark follow the reader's system.
 */
export function page(headline: string, ok: boolean, { findings = "", plots, sections }: Content): string {
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
${markdown.parse(findings)}<div class="plots">
${plots.map(figure).join("\n")}
</div>
${markdown.parse(sections)}
</main>
</body>
</html>
`;
}

/** A drawing as a file of its own, for a README: on its own paper, it can be read on any page. */
export function standalone(plot: Plot): string {
  const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(plot.svg) ?? [];
  return `${image(plot).replace(
    ">",
    ` width="${width}" height="${height}"><style>${PALETTE}</style><rect width="100%" height="100%" rx="6" fill="var(--paper)"/>`,
  )}\n`;
}

/** The title stands above a drawing on a page; the text alternative is for those who do not see it. */
function figure(plot: Plot): string {
  return `<figure><h2>${escaped(plot.title)}</h2>${image(plot)}</figure>`;
}

const image = ({ svg, title, alternative }: Plot) =>
  svg.replace("<svg", `<svg role="img" aria-label="${escaped(`${title}. ${alternative}`)}"`);

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
${PALETTE}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.4rem; line-height: 1.3; border-left: .35rem solid var(--sound); padding-left: .8rem; }
h1.refused { border-color: var(--limit); }
h2 { font-size: 1.1rem; margin: 1.6rem 0 .5rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 1rem; }
figure { margin: 0; padding: .5rem .8rem .8rem; border: 1px solid var(--grid); border-radius: .5rem; min-width: 0; }
figure h2 { margin: 0 0 .3rem; font-size: 1rem; text-wrap: balance; }
figure svg { display: block; width: 100%; max-width: 34rem; height: auto; margin: 0 auto; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--grid); text-align: left; vertical-align: top; }
th.right, td.right { text-align: right; }
td.right { font-variant-numeric: tabular-nums; white-space: nowrap; }
li { overflow-wrap: anywhere; }
`;
