// The words and the parts of the page, by role and accessible name, so that specs read as what a learner does.
import { readFileSync } from "node:fs";
import { expect, type FrameLocator, type Locator, type Page } from "@playwright/test";

export type Language = "ko" | "en";

/** Where parts are looked for: the page, or the frame of a course that embeds it. */
export type Place = Page | FrameLocator;

const files = { ko: read("ko"), en: read("en") };

function read(language: Language): Map<string, string> {
  const folder = new URL(`../../locales/${language}/`, import.meta.url);
  const texts = ["page", "playground", "view"].map((part) => readFileSync(new URL(`${part}.ftl`, folder), "utf8")).join("\n");
  return new Map([...texts.matchAll(/^([a-z][a-z0-9-]*) = (.+)$/gm)].map(([, key, text]) => [key, text]));
}

/** A text of the page as it is shown, with its arguments; without them, a pattern in which anything may stand for one. */
export function say(language: Language, key: string, args?: Record<string, string | number>): string | RegExp {
  const text = files[language].get(key);
  if (text === undefined) throw new Error(`no text ${key} in ${language}`);
  if (args) return text.replace(/\{ \$(\w+) \}/g, (_, name) => String(args[name]));
  if (!text.includes("{ $")) return text;
  const pattern = text.split(/\{ \$\w+ \}/).map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
  return new RegExp(`^${pattern.join(".+")}$`);
}

export type Pane = "lesson" | "sequence" | "packet" | "state" | "controls";

/** The parts of the page. */
export class Bench {
  constructor(
    readonly place: Place,
    readonly language: Language,
  ) {}

  say(key: string, args?: Record<string, string | number>): string | RegExp {
    return say(this.language, key, args);
  }

  button(key: string, args?: Record<string, string | number>): Locator {
    return this.place.getByRole("button", { name: this.say(key, args), exact: true });
  }

  get lesson(): Locator {
    return this.place.getByRole("article");
  }
  /** The headline of the step that is shown. */
  get title(): Locator {
    return this.lesson.getByRole("heading").first();
  }
  get forward(): Locator {
    return this.button("page-forward");
  }
  get back(): Locator {
    return this.button("page-back");
  }
  get clock(): Locator {
    return this.place.getByLabel(this.say("page-clock"), { exact: true });
  }
  get timeline(): Locator {
    return this.place.getByRole("slider", { name: this.say("page-timeline"), exact: true });
  }
  get branches(): Locator {
    return this.place.getByRole("combobox", { name: this.say("page-branch"), exact: true });
  }
  get sequence(): Locator {
    return this.place.getByRole("region", { name: this.say("page-sequence-label"), exact: true });
  }
  get fields(): Locator {
    return this.place.getByRole("tree", { name: this.say("page-fields"), exact: true });
  }
  get hex(): Locator {
    return this.place.getByRole("grid", { name: this.say("page-hex"), exact: true });
  }
  /** The panel of the selected packet, of the state and of the controls. */
  get side(): Locator {
    return this.place.getByRole("region", { name: this.say("page-pane-side"), exact: true });
  }
  get goals(): Locator {
    return this.place.getByRole("region", { name: this.say("page-goals"), exact: true });
  }
  /** The goals that are met. */
  get met(): Locator {
    return this.goals.getByRole("listitem").filter({ hasText: this.say("page-goal-met") });
  }
  get publishForm(): Locator {
    return this.place.getByRole("form", { name: this.say("page-publish"), exact: true });
  }
  get subscribeForm(): Locator {
    return this.place.getByRole("form", { name: this.say("page-subscribe"), exact: true });
  }

  tab(key: string): Locator {
    return this.place.getByRole("tab", { name: this.say(key), exact: true });
  }

  /** The node on the stage. */
  node(name: string): Locator {
    return this.place.getByRole("button", { name: new RegExp(`^${name}: `) });
  }

  /** The node among those to control. */
  picked(name: string): Locator {
    return this.place.getByRole("group", { name: this.say("page-controls-pick"), exact: true }).getByRole("button", { name, exact: true });
  }

  /** The rows of the table or of the packet list that stand for this kind of packet. */
  rows(packet: string): Locator {
    return this.place.getByRole("row").filter({ has: this.place.getByRole("button", { name: packet }) });
  }

  /** Shows a part of the page, by the switch where there is only room for one. */
  async show(pane: Pane): Promise<void> {
    const names = { lesson: "page-pane-lesson", sequence: "page-tab-sequence", packet: "page-tab-packet", state: "page-tab-state", controls: "page-tab-controls" };
    const choice = this.place.getByRole("navigation", { name: this.say("page-switch"), exact: true });
    const entry = choice.getByRole("button", { name: this.say(names[pane]), exact: true });
    if (await entry.isVisible()) return await entry.click();
    if (pane !== "lesson" && pane !== "sequence") await this.tab(names[pane]).click();
  }

  /** Steps on, with the button, until the condition holds. */
  async stepUntil(condition: () => Promise<boolean>, most = 60): Promise<void> {
    for (let steps = 0; steps < most; steps += 1) {
      if (await condition()) return;
      await this.forward.click();
    }
    expect(await condition(), `after ${most} steps`).toBe(true);
  }

  /** The simulated time in seconds. */
  async seconds(): Promise<number> {
    return Number.parseFloat((await this.clock.textContent()) ?? "");
  }
}

/** Presses Tab until the element has the focus, as somebody without a mouse would; fails if it cannot be reached. */
export async function tabTo(page: Page, target: Locator, most = 150): Promise<void> {
  await expect(target).toBeVisible();
  for (let presses = 0; presses < most; presses += 1) {
    await page.keyboard.press("Tab");
    if (await target.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error(`${target} is out of reach of the Tab key`);
}
