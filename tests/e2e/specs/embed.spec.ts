// The page inside a course: a sandboxed frame of 320×480 without storage.
import { Bench } from "../bench.ts";
import { expect, test } from "../fixture.ts";
import type { Page } from "@playwright/test";

test.use({ viewport: { width: 800, height: 600 } });

/** Opens a course page that embeds the playground, and returns what is in the frame. */
async function embed(page: Page, baseURL: string | undefined, query: string) {
  const host = new URL("/course.html", baseURL).href;
  const html = `<!DOCTYPE html><html lang="en"><title>course</title><link rel="icon" href="data:,">
    <iframe title="playground" sandbox="allow-scripts" width="320" height="480" src="${new URL(`/embeddable/${query}`, baseURL).href}"></iframe>`;
  await page.route(host, (route) => route.fulfill({ contentType: "text/html", body: html }));
  await page.goto(host);
  const place = page.frameLocator("iframe");
  await expect(place.locator("html")).toHaveAttribute("data-started", "true");
  return place;
}

for (const language of ["en", "ko"] as const) {
  test(`an embedded lesson steps and plays without storage, in the language of its address: ${language}`, async ({ page, baseURL }) => {
    const place = await embed(page, baseURL, `?embed=1&lesson=last-will&lang=${language}`);
    const bench = new Bench(place, language);
    await expect(place.locator("html")).toHaveAttribute("lang", language);
    await expect(bench.title).toBeVisible();
    await expect(bench.forward).toBeInViewport();
    // The frame really has no storage: its origin is opaque.
    const storage = await place.locator("html").evaluate(() => {
      try {
        return `storage of ${window.localStorage.length}`;
      } catch (error) {
        return (error as Error).name;
      }
    });
    expect(storage).toBe("SecurityError");

    await bench.show("sequence");
    for (let steps = 0; steps < 10; steps += 1) await bench.forward.click();
    await expect(bench.sequence).toContainText("CONNECT");
    const stepped = await bench.seconds();
    expect(stepped).toBeGreaterThan(0);
    await bench.button("page-play").click();
    await expect.poll(() => bench.seconds()).toBeGreaterThan(stepped + 0.5);
    await bench.button("page-pause").click();
    for (const pane of ["lesson", "sequence", "packet", "state", "controls"] as const) {
      await bench.show(pane);
      const { widest, width } = await place.locator("html").evaluate((root) => ({ widest: root.scrollWidth, width: root.clientWidth }));
      expect(widest, pane).toBeLessThanOrEqual(width);
    }
    // Something can be done in it.
    await bench.picked("freezer").click();
    await bench.button("page-power-cut").click();
    await expect(bench.button("page-power-on")).toBeEnabled();
  });
}

test("an embedded page without a lesson offers the list, and stays embedded on the way into one", async ({ page, baseURL }) => {
  const place = await embed(page, baseURL, "?embed=1&lang=en");
  const bench = new Bench(place, "en");
  await place.getByRole("link", { name: /The first packets/ }).click();
  await expect(bench.title).toBeVisible();
  await expect(place.getByRole("banner")).toHaveCount(0);
});

test("an embedded page has no way to a real broker", async ({ page, baseURL }) => {
  const place = await embed(page, baseURL, "?embed=1&live=1&lang=en");
  await expect(place.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(place.getByRole("textbox")).toHaveCount(0);
  await expect(place.getByRole("link", { name: new Bench(place, "en").say("page-live-link") })).toHaveCount(0);
});

