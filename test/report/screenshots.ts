import { join } from "node:path";
import { PROJECT_ROOT } from "../../commands/shared/stack-file";
import { chromiumPath, reportPage, startBrowser } from "./browser";

/* Takes the pictures of the documents anew: `npm run screenshots`. It needs a Chromium. */

async function takeScreenshots(executable: string) {
  const browser = await startBrowser(executable);
  const page = await browser.newPage({ viewport: { width: 1000, height: 840 } });
  await page.setContent(await reportPage({}));
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(PROJECT_ROOT, "docs", "images", `report-${colorScheme}.png`) });
  }
  await browser.close();
}

const executable = chromiumPath();
if (executable === undefined) {
  console.error("A Chromium must be on the PATH or in CHROMIUM_PATH because it takes the screenshots; install one");
  process.exitCode = 2;
} else void takeScreenshots(executable);
