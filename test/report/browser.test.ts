import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Changes } from "../stack-settings";
import { chromiumPath, reportPage, startBrowser } from "./browser";

/*
 * The report as people see it: in a browser, as wide as a phone and as a screen, light and dark.
 */

const executable = chromiumPath();
if (executable === undefined)
  console.log("No Chromium on the PATH or in CHROMIUM_PATH: the report is not tested in a browser.");

const PLANS: readonly (readonly [name: string, changes: Changes])[] = [
  ["a sound plan", {}],
  ["a refused plan", { "netra:database": { tier: "db-f1-micro", maxConnections: 25 } }],
];

/** Where two texts of a drawing are on one another, or a text is not whole; runs in the page. */
function unreadableTexts(): string[] {
  const overlaps = (a: DOMRect, b: DOMRect) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
  return [...document.querySelectorAll("svg")].flatMap((svg) => {
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].filter((text) => text.textContent !== "");
    const boxes = texts.map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }));
    return boxes.flatMap(({ text, box }, i) => [
      ...(box.left < frame.left - 1 ||
      box.right > frame.right + 1 ||
      box.top < frame.top - 1 ||
      box.bottom > frame.bottom + 1
        ? [`'${text}' is cut`]
        : []),
      ...boxes.slice(i + 1).flatMap((other) => (overlaps(box, other.box) ? [`'${text}' is on '${other.text}'`] : [])),
    ]);
  });
}

/** Texts of drawings with less contrast than WCAG 2 asks for (AA), which axe does not judge; runs in the page. */
function paleTexts(): string[] {
  type Colour = [red: number, green: number, blue: number];
  const parse = (text: string): Colour => {
    const [red = 0, green = 0, blue = 0] = text.match(/[\d.]+/g)?.map(Number) ?? [];
    return [red, green, blue];
  };
  const luminance = (colour: Colour) => {
    const [red, green, blue] = colour
      .map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)) as Colour;
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const over = (top: Colour, opacity: number, below: Colour) =>
    top.map((value, i) => opacity * value + (1 - opacity) * (below[i] ?? 0)) as Colour;
  const paper = parse(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll("svg text")].flatMap((text) => {
    const { left, top, width, height } = text.getBoundingClientRect();
    const middle = [left + width / 2, top + height / 2] as const;
    const ground = [...(text.closest("svg")?.querySelectorAll("path") ?? [])]
      .filter((path) => getComputedStyle(path).fill !== "none")
      .filter((path) => {
        const box = path.getBoundingClientRect();
        return box.left <= middle[0] && middle[0] <= box.right && box.top <= middle[1] && middle[1] <= box.bottom;
      })
      .reduce((below, path) => {
        const { fill, opacity } = getComputedStyle(path);
        return over(parse(fill), Number(opacity), below);
      }, paper);
    const [light = 0, dark = 0] = [luminance(parse(getComputedStyle(text).fill)), luminance(ground)].toSorted(
      (a, b) => b - a,
    );
    const ratio = (light + 0.05) / (dark + 0.05);
    return ratio < 4.5 ? [`'${text.textContent}' has a contrast of ${ratio.toFixed(2)}`] : [];
  });
}

const AXE = readFileSync(createRequire(__filename).resolve("axe-core/axe.min.js"), "utf8");

async function axeViolations(page: Page): Promise<string[]> {
  const options: RunOptions = {
    runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"],
    resultTypes: ["violations"],
  };
  const { violations } = await page.evaluate<AxeResults, RunOptions>(
    // declared by the script
    (options) => (globalThis as unknown as { axe: typeof import("axe-core") }).axe.run(document, options),
    options,
  );
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 100)}`));
}

describe.skipIf(executable === undefined)("in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser(executable ?? "");
  });
  afterAll(() => browser?.close());

  describe.each(PLANS)("the report of %s", (_, changes) => {
    let page: Page;
    beforeAll(async () => {
      page = await browser.newPage();
      await page.setContent(await reportPage(changes));
      await page.evaluate(AXE);
    });

    it.each([390, 1280])("is not wider than %i pixels, and every text of its drawings can be read", async (width) => {
      await page.setViewportSize({ width, height: 900 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      expect(await page.evaluate(unreadableTexts)).toEqual([]);
      // What is wider than a phone scrolls in a box of its own.
      expect(
        await page.evaluate(() =>
          [...document.querySelectorAll("main *")]
            .filter((element) => element.closest(".scroll, svg") === null || element.matches(".scroll, svg"))
            .filter((element) => element.getBoundingClientRect().right > innerWidth)
            .map((element) => element.outerHTML.slice(0, 80)),
        ),
      ).toEqual([]);
    });

    it.each(["light", "dark"] as const)(
      "has enough contrast in the %s, and a text for every drawing",
      async (colorScheme) => {
        await page.emulateMedia({ colorScheme });
        expect(await page.evaluate(paleTexts)).toEqual([]);
        expect(await axeViolations(page)).toEqual([]);
        const drawings = page.getByRole("img");
        expect(await drawings.count()).toBe(await page.locator("svg").count());
        for (const label of await drawings.evaluateAll((all) => all.map((one) => one.getAttribute("aria-label"))))
          expect(label).toMatch(/^.{40,}\.$/s);
      },
    );
  });
});
