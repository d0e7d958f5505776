// What must hold in every state of the page: no grave accessibility issue, no sideways scrolling, buttons that a thumb can hit.
import type { Page } from "@playwright/test";
import { expect, gravest, picture, test } from "../fixture.ts";
import { states } from "../states.ts";

const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 360, height: 640 }, frame: { width: 320, height: 480 } };

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`no state of the page has a serious accessibility issue: ${size}, ${colorScheme}`, async ({ page }) => {
      test.setTimeout(240_000);
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const found = new Findings();
      for await (const state of states(page, colorScheme === "light" ? "ko" : "en")) found.add(state, await gravest(page));
      expect(found.all).toEqual({});
    });
  }
}

for (const size of ["phone", "frame"] as const) {
  for (const language of ["ko", "en"] as const) {
    test(`no state of the page scrolls sideways or has buttons too small for a thumb: ${size}, ${language}`, async ({ page }) => {
      test.setTimeout(180_000);
      await page.setViewportSize(SIZES[size]);
      await page.emulateMedia({ reducedMotion: "reduce" });
      const found = new Findings();
      for await (const state of states(page, language)) found.add(state, [...(await tooWide(page)), ...(await tooSmall(page))]);
      expect(found.all).toEqual({});
    });
  }
}

// PICTURES=1 saves pictures of every state to tests/e2e/screenshots: for people to look at, not a check.
for (const language of process.env.PICTURES === "1" ? (["ko", "en"] as const) : []) {
  for (const size of ["phone", "desktop"] as const) {
    for (const colorScheme of ["light", "dark"] as const) {
      test(`pictures: ${language}, ${size}, ${colorScheme}`, async ({ page }) => {
        test.setTimeout(240_000);
        await page.setViewportSize(SIZES[size]);
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        for await (const state of states(page, language)) await picture(page, `${state}-${language}-${size}-${colorScheme}`);
      });
    }
  }
}

/** Each finding once, with the states that have it. */
class Findings {
  readonly all: Record<string, string> = {};

  add(state: string, findings: string[]): void {
    for (const finding of findings) this.all[finding] = this.all[finding] ? `${this.all[finding]}, ${state}` : state;
  }
}

/** What makes the page as a whole scroll sideways, and what is cut off at its edge. */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const root = document.documentElement;
    const widest = Math.max(root.scrollWidth, document.body.scrollWidth);
    // A table may be wider, as it scrolls on its own.
    const cut = [...document.querySelectorAll("button, select, input, output, h1, h2, h3, p")].filter((element) => {
      const { left, right, width } = element.getBoundingClientRect();
      return width > 1 && element.checkVisibility() && element.closest("[role=region] table") === null && (left < 0 || right > root.clientWidth);
    });
    const names = cut.map((element) => `cut off: ${element.getAttribute("aria-label") ?? element.textContent?.trim().slice(0, 40)}`);
    return widest > root.clientWidth ? [`${widest} > ${root.clientWidth}`, ...names] : names;
  });
}

/**
 * Visible targets that are smaller than 44×44 CSS pixels, with their sizes. Links and chips within a line of text may be (WCAG 2.5.8, "inline").
 * What is drawn on the stage may be smaller too, as the controls offer each node in full size ("equivalent"), but not below 24.
 */
function tooSmall(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    // A part that has just come into view is measured and drawn anew in the next frames.
    for (let frames = 0; frames < 3; frames += 1) await new Promise(requestAnimationFrame);
    const targets = document.querySelectorAll("button, select, input, summary, [role=button]:not(.path), [role=tab], a.button");
    const small = [...targets].flatMap((target) => {
      // A label is part of its control's target.
      const reach = target.matches("input[type=radio], input[type=checkbox]") ? (target.closest("label") ?? target) : target;
      const { width, height } = reach.getBoundingClientRect();
      const isInLine = target.closest("p, li > span, td, h1, h2, h3") !== null;
      const isShown = target.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && width > 1;
      const least = target.closest("svg") ? 24 : 43.5;
      const name = target.getAttribute("aria-label") ?? target.textContent?.trim() ?? "";
      return isShown && !isInLine && (width < least || height < least) ? [`"${name}" ${Math.round(width)}×${Math.round(height)}`] : [];
    });
    return [...new Set(small)];
  });
}
