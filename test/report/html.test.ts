import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { stringify } from "yaml";
import { page, standalone } from "../../report/html";
import { findings, headline, pageSections } from "../../report/markdown";
import type { Plot } from "../../report/plots/draw";
import type { Verdict } from "../../report/verdict";
import { commandNamed } from "../commands/child";
import { stagingConfiguration } from "../stack-settings";
import { verdictOn } from "./verdict";

const HOSTILE = `x<script>alert(1)</script><img src=x onerror=alert(2)>![p](https://evil.test/p.png)[l](javascript:alert(3))<https://evil.test>`;
/** A setting that messages, arithmetic and resources repeat. */
const forged = (name: string) => ({ "netra:connector": { name } });

const contentOf = (verdict: Verdict) => ({
  findings: findings(verdict),
  plots: [],
  sections: pageSections(verdict),
});

/** What a browser would fetch or run. */
const ACTIVE =
  /<(script|img|link|iframe|object|embed|base|form|a)\b|\s(src|href|srcset|action|on[a-z]+)=|@import|url\((?!#)/i;
/** Markup only: what stands between tags is text, whatever it says. */
const tagsOf = (html: string) => (html.match(/<[a-z!/][^>]*>/gi) ?? []).join("\n");

it("begins with the verdict's sentence, marked as sound or refused", () => {
  for (const verdict of [verdictOn(), verdictOn({ "netra:connector": { maxInstances: 120 } })]) {
    const html = page(headline(verdict), verdict.ok, contentOf(verdict));
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(html).toContain(`<main>\n<h1 class="${verdict.ok ? "sound" : "refused"}">${headline(verdict)}</h1>`);
    expect(html).toContain(`<title>${headline(verdict)}</title>`);
  }
});

it("gives every plot its title and its text alternative, escaped", () => {
  const plot: Plot = { title: 'a "b"', svg: '<svg viewBox="0 0 10 20"></svg>', alternative: "1 < 2 & 3" };
  expect(page("t", true, { plots: [plot], sections: "" })).toContain(
    '<figure><h2>a &quot;b&quot;</h2><svg role="img" aria-label="a &quot;b&quot;. 1 &lt; 2 &amp; 3" viewBox="0 0 10 20"></svg></figure>',
  );
});

it("draws a file of its own on paper of its own, in both colour schemes", () => {
  const svg = '<svg viewBox="0 0 10 20"><path/></svg>';
  expect(standalone({ title: "a", svg, alternative: "b" })).toMatch(
    /^<svg role="img" aria-label="a\. b" viewBox="0 0 10 20" width="10" height="20"><style>:root \{.*prefers-color-scheme: dark.*<\/style><rect [^>]*fill="var\(--paper\)"\/><path\/><\/svg>\n$/s,
  );
});

it("shows a value as it was written, never as markup", () => {
  const verdict = verdictOn(forged(HOSTILE));
  const html = page(headline({ ...verdict, stack: "<b>&" }), verdict.ok, contentOf(verdict));
  expect(tagsOf(html)).not.toMatch(ACTIVE);
  expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(html).toContain("![p](https://evil.test/p.png)[l](javascript:alert(3))");
  expect(html).toContain('<h1 class="refused">&lt;b&gt;&amp;: the plan is REFUSED');
});

it.each([
  "x\n\n<script>alert(1)</script>",
  "x\n\n<!-- y",
  "x\n```\ny",
  "x\n\n    code",
  "www.evil.test",
  "[a]: https://evil.test\n\n[a]",
])("lets no value swallow what follows: %j", (name) => {
  const verdict = verdictOn(forged(name));
  const html = page(headline(verdict), verdict.ok, contentOf(verdict));
  expect(tagsOf(html)).not.toMatch(ACTIVE);
  for (const section of ["Connection budget", "Start-up storms", "Cost", "Assumptions"])
    expect(html).toContain(`<h2>${section}</h2>`);
});

it("is what check --report writes: one file that loads nothing, with its plots described", async () => {
  const directory = mkdtempSync(join(tmpdir(), "netra-report-"));
  const file = join(directory, "Pulumi.hostile.yaml");
  writeFileSync(
    file,
    stringify({ config: stagingConfiguration({ ...forged(HOSTILE), "netra:database": { maxConnections: 100 } }) }),
  );
  try {
    const { code } = await commandNamed("check")("--config-file", file, "--report", directory);
    expect(code).toBe(1);
    const html = readFileSync(join(directory, "report.html"), "utf8");
    expect(tagsOf(html)).not.toMatch(ACTIVE);
    // The name of a vocabulary is no address.
    expect(new Set(tagsOf(html).match(/https?:\/\/[^"']*/g))).toEqual(new Set(["http://www.w3.org/2000/svg"]));
    const figures = html.match(/<figure>.*?<\/figure>/gs) ?? [];
    expect(figures.length).toBeGreaterThan(0);
    for (const figure of figures)
      expect(figure).toMatch(/<svg role="img" aria-label="[^"]{20,}" .*<\/svg><\/figure>$/s);
    // The verdict, what to change, and then the plots.
    const places = ["<h1", "<h2>What the plan must change", "<figure", "<h2>Connection budget"].map((part) =>
      html.indexOf(part),
    );
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  } finally {
    rmSync(directory, { recursive: true });
  }
});
