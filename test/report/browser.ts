import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Browser } from "playwright-core";
import { page } from "../../report/html";
import { findings, headline, pageSections } from "../../report/markdown";
import { planPlots } from "../../report/plots/plan";
import { stagingPlan } from "../capacity/staging-plan";
import type { Changes } from "../stack-settings";
import { verdictOn } from "./verdict";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** A Chromium of this machine: `CHROMIUM_PATH`, or one on the PATH. */
export function chromiumPath(): string | undefined {
  const { CHROMIUM_PATH, PATH = "" } = process.env;
  return [
    CHROMIUM_PATH ?? "",
    ...PATH.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name))),
  ].find((file) => file !== "" && existsSync(file));
}

export async function startBrowser(executablePath: string): Promise<Browser> {
  const { chromium } = await import("playwright-core");
  // Without a sandbox, because containers run as root; it opens only pages of these tests.
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

/** The page that `check --report` writes of staging with these changes, without its resources. */
export async function reportPage(changes: Changes): Promise<string> {
  const verdict = verdictOn(changes);
  const plots = await planPlots(stagingPlan(changes), verdict);
  return page(headline(verdict), verdict.ok, { findings: findings(verdict), plots, sections: pageSections(verdict) });
}
