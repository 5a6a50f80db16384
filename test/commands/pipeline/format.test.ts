import { marked } from "marked";
import { describe, expect, test } from "vitest";
import { literal, withinLimit } from "../../../commands/pipeline/format";
import { table } from "../../../report/table";

/** What a reader sees of Markdown: its text, without any markup. */
const rendered = (markdown: string) => String(marked.parse(markdown)).trim();
const entities = (text: string) =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");

describe("a text of unknown origin", () => {
  test.each([
    "<img src=x onerror=alert(1)> & more",
    "[a link](javascript:alert(1)) ![image](x)",
    "**bold** _it_ `code` ~~gone~~ \\* back\\slash",
    "# a heading",
    "- an item",
    "1. an item",
    "--> <!-- a comment",
    "'netra:services.backend.maxInstances' (5 + 5) x 5 = 50; 80 %",
  ])("%s shows as it is", (text) => {
    expect(rendered(literal(text))).toBe(`<p>${entities(text)}</p>`);
  });

  test("stays on one line, in its cell", () => {
    expect(literal("one\r\n\n# two\u2028three\u0000four\u0085five")).toBe("one # two three four five");
    expect(literal("passes\u202eton seod\u2066")).toBe("passes ton seod");
    expect(literal("    no block of code")).toBe("no block of code");
    const cells = rendered(table([["a"], [literal("x | y \\| z\n| w |")]]));
    expect(cells.match(/<td>/g)).toHaveLength(1);
  });

  test("mentions nobody, refers to no issue, links nowhere", () => {
    expect(literal("GH-12, not GH-x")).toBe("GH-\u200b12, not GH-x");
    const text = literal("@netra/all see #12 and https://example.com and www.example.com; item #one stays");
    expect(text).toBe(
      "@\u200bnetra/all see #\u200b12 and https:\u200b//example.com and www\u200b.example.com; item #one stays",
    );
    expect(rendered(text)).not.toContain("<a");
  });

  test("is no mathematics", () => {
    expect(literal("$x$ and $$\\frac{1}{2}$$")).toBe(
      "&dollar;x&dollar; and &dollar;&dollar;\\\\frac\\{1\\}\\{2\\}&dollar;&dollar;",
    );
  });

  test("is cut where it is longer than any message", () => {
    expect(literal("x".repeat(5000))).toBe(`${"x".repeat(4000)} ...`);
  });
});

describe("the limit of a body", () => {
  const section = (title: string, length: number) => ({ title, text: title[0]?.repeat(length) ?? "" });

  test("leaves out what does not fit, says what, and keeps what comes after and does", () => {
    const text = withinLimit(
      [section("a first", 40), section("big", 400), { title: "empty", text: "" }, section("c last", 10)],
      200,
    );
    expect(text).toBe(
      `${"a".repeat(40)}\n\n${"c".repeat(10)}\n\nOmitted, because a comment is limited to 200 characters: big.\n`,
    );
  });

  test("is kept with any sections", () => {
    for (let size = 0; size < 300; size += 7) {
      const text = withinLimit([section("one", size), section("two", size), section("three", size)], 300);
      expect(text.length).toBeLessThanOrEqual(300);
    }
  });
});
