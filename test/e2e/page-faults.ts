import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";

const axe = readFileSync(new URL(import.meta.resolve("axe-core/axe.min.js")), "utf8");
export const phone = { width: 360, height: 740 };
const desktop = { width: 1280, height: 800 };

/** What axe-core finds, light and dark, on a phone and on a desktop, and whether the page is wider than its window. */
export async function faultsOf(page: Page): Promise<string[]> {
  const faults: string[] = [];
  for (const viewport of [phone, desktop])
    for (const colorScheme of ["light", "dark"] as const) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.waitForTimeout(300);
      for (const fault of await violations(page)) faults.push(`${colorScheme} ${viewport.width}: ${fault}`);
      for (const fault of await overflow(page)) faults.push(`${viewport.width}: ${fault}`);
    }
  await page.setViewportSize(phone);
  return faults;
}

async function violations(page: Page): Promise<string[]> {
  if (await page.evaluate("typeof axe === 'undefined'")) await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations: found } = await (
      globalThis as unknown as {
        axe: {
          run(options: object): Promise<{
            violations: { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }[];
          }>;
        };
      }
    ).axe.run({ resultTypes: ["violations"] });
    return found
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id} ${target.join(" ")}: ${failureSummary}`),
      );
  });
}

/** Elements that reach past the window's right edge, when the page can be scrolled there. */
export const overflow = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    return [...document.querySelectorAll("body *")]
      .filter((one) => one.getBoundingClientRect().right > clientWidth + 0.5)
      .slice(-3)
      .map((one) => `wider than the window: ${one.outerHTML.slice(0, 120)}`);
  });
