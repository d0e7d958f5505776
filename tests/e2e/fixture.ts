// What every spec imports instead of "@playwright/test": a page that fails its test if it logs an error, breaks the content security policy,
// or asks another host for anything; and `expectAccessible`.
import { fileURLToPath } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import { test as base, expect, type Page } from "@playwright/test";

/** What went wrong on a page, in words. A spec that provokes a complaint empties the list after looking at it. */
export type Complaints = string[];

export const test = base.extend<{ complaints: Complaints }>({
  complaints: [
    async ({ page, baseURL }, use) => {
      const complaints: Complaints = [];
      const origin = new URL(baseURL ?? "").origin;
      page.on("console", (message) => {
        // Chromium reports violations of the content security policy here, as errors.
        if (message.type() === "error") complaints.push(`console: ${message.text()}`);
      });
      page.on("pageerror", (error) => complaints.push(`uncaught: ${error}`));
      page.on("requestfailed", (request) => {
        // What leaving a page cuts short is no failure.
        const reason = request.failure()?.errorText;
        if (reason !== "net::ERR_ABORTED") complaints.push(`failed: ${request.url()} ${reason}`);
      });
      page.on("request", (request) => {
        const url = new URL(request.url());
        if (url.protocol.startsWith("http") && url.origin !== origin) complaints.push(`foreign request: ${request.url()}`);
      });
      await use(complaints);
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** Opens the page (`query` such as "?lang=en") and waits until the engine runs in it. */
export async function open(page: Page, query = ""): Promise<void> {
  await page.goto(`./${query}`);
  await expect(page.locator("html")).toHaveAttribute("data-started", "true");
}

/** What axe finds serious or critical in the page as it is now (WCAG 2.2 A and AA). */
export async function gravest(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(" | ")}`);
}

/** Fails with the list of the serious and critical issues. */
export async function expectAccessible(page: Page): Promise<void> {
  expect(await gravest(page)).toEqual([]);
}

/** Saves a picture of the page to `tests/e2e/screenshots/NAME.png`, for people to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: fileURLToPath(new URL(`screenshots/${name}.png`, import.meta.url)), animations: "disabled" });
}
