// Time as something one can hold: steps, seeks, branches, and a language that changes in the middle of it all.
import { Bench } from "../bench.ts";
import { expect, open, test } from "../fixture.ts";

test("N steps forward and N back show the same things at each place", async ({ page }) => {
  const bench = new Bench(page, "en");
  await open(page, "?lesson=last-will&lang=en");
  await bench.tab("page-tab-table").click();
  const seen = async () => `${await bench.clock.textContent()} ${await page.getByRole("main").textContent()}`;
  const forward: string[] = [];
  for (let step = 0; step < 25; step += 1) {
    forward.push(await seen());
    await bench.forward.click();
  }
  // The two ends of a TCP connection open one after the other, which the words on the page do not tell apart.
  expect(new Set(forward).size).toBeGreaterThan(20);
  for (const there of forward.reverse()) {
    await bench.back.click();
    expect(await seen()).toBe(there);
  }
  await expect(bench.back).toBeDisabled();
});

test("the keys step, in packets or finer, and the slider seeks", async ({ page }) => {
  const bench = new Bench(page, "en");
  await open(page, "?lesson=last-will&lang=en");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  const packets = await bench.seconds();
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Shift+ArrowRight");
  expect(await bench.seconds()).toBeLessThanOrEqual(packets);
  await page.keyboard.press("End");
  await expect(bench.clock).toHaveText(/^240\.000/);
  await page.keyboard.press("Home");
  await expect(bench.clock).toHaveText(/^0\.000/);
  await expect(bench.back).toBeDisabled();

  await bench.timeline.focus();
  await page.keyboard.press("PageUp");
  const leapt = await bench.seconds();
  expect(leapt).toBeGreaterThan(10);
  await expect(bench.timeline).toHaveAttribute("aria-valuetext", `${(await bench.clock.textContent())?.trim()}`);
  await page.keyboard.press("ArrowLeft");
  expect(await bench.seconds()).toBeLessThan(leapt);
  await page.keyboard.press("End");
  await expect(bench.clock).toHaveText(/^240\.000/);
  await page.keyboard.press("Home");
  await expect(bench.clock).toHaveText(/^0\.000/);
});

test("time runs while it plays, at the speed that was chosen, and stands still while it does not", async ({ page }) => {
  const bench = new Bench(page, "en");
  await open(page, "?lesson=last-will&lang=en");
  await expect(bench.clock).toHaveText(/^0\.000/);
  await page.getByRole("combobox", { name: bench.say("page-speed"), exact: true }).selectOption({ label: "100×" });
  await bench.button("page-play").click();
  await expect.poll(() => bench.seconds()).toBeGreaterThan(20);
  await bench.button("page-pause").click();
  const paused = await bench.clock.textContent();
  // Two frames later nothing has moved.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  expect(await bench.clock.textContent()).toBe(paused);
  // It stops by itself at the end of the lesson.
  await bench.button("page-play").click();
  await expect(bench.button("page-play")).toBeVisible({ timeout: 20_000 });
  await expect(bench.clock).toHaveText(/^240\.000/);
});

test("an act in the past makes a branch, and both pasts can be visited", async ({ page }) => {
  const bench = new Bench(page, "en");
  await open(page, "?lesson=last-will&lang=en");
  await page.keyboard.press("End");
  await expect(bench.clock).toHaveText(/^240\.000/);
  await expect(bench.branches).toHaveCount(0);
  await bench.tab("page-tab-table").click();
  const original = await page.getByRole("table").last().textContent();
  await bench.timeline.press("Home");
  for (let steps = 0; steps < 20; steps += 1) await bench.forward.click();
  const turned = await bench.seconds();

  await bench.show("controls");
  await bench.picked("freezer").click();
  await bench.button("page-power-cut").click();
  await expect(bench.branches).toBeVisible();
  await expect(bench.branches.locator("option")).toHaveText([bench.say("playground-branch-original"), bench.say("playground-branch", { number: 1 })]);
  await expect(bench.branches).toHaveValue("1");
  await expect(bench.button("page-power-on")).toBeEnabled();
  expect(await bench.seconds()).toBe(turned);
  await bench.timeline.press("End");
  await expect(bench.clock).toHaveText(/^240\.000/);
  expect(await page.getByRole("table").last().textContent()).not.toBe(original);

  await bench.branches.selectOption("0");
  await bench.timeline.press("End");
  await expect(bench.clock).toHaveText(/^240\.000/);
  expect(await page.getByRole("table").last().textContent()).toBe(original);
});

test("switching the language mid-run keeps cursor, selection and answers", async ({ page }) => {
  const [korean, english] = [new Bench(page, "ko"), new Bench(page, "en")];
  await open(page, "?lesson=first-packets&lang=ko");
  await korean.lesson.getByRole("radio").nth(2).check();
  for (let steps = 0; steps < 9; steps += 1) await korean.forward.click();
  await korean.tab("page-tab-packets").click();
  await korean.rows("CONNECT").first().getByRole("button").click();
  await korean.fields.getByRole("treeitem").nth(6).click();
  const clock = (await korean.seconds()).toString();
  const rows = await korean.rows("").count();
  const field = await korean.fields.getByRole("treeitem", { selected: true }).textContent();
  const url = page.url();

  await page.getByRole("button", { name: "English", exact: true }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await expect(english.title).toHaveText("One value, three participants");
  expect((await english.seconds()).toString()).toBe(clock);
  await expect(english.lesson.getByRole("radio").nth(2)).toBeChecked();
  await expect(english.lesson.getByRole("status").first()).toContainText(english.say("page-predict-wrong"));
  await expect(english.tab("page-tab-packets")).toHaveAttribute("aria-selected", "true");
  expect(await english.rows("").count()).toBe(rows);
  await expect(english.rows("CONNECT").first().getByRole("button")).toHaveAttribute("aria-pressed", "true");
  await expect(english.fields.getByRole("treeitem", { selected: true })).toHaveText(field ?? "");
  expect(page.url()).toContain(new URL(url).searchParams.get("lesson") ?? "none");
  // Not a word of the other language is left in the controls.
  await expect(page.getByRole("group", { name: english.say("page-transport"), exact: true })).not.toContainText(/\p{Script=Hangul}/u);

  // Also while it plays.
  await english.button("page-play").click();
  await page.getByRole("button", { name: "한국어", exact: true }).click();
  await expect(korean.button("page-pause")).toBeVisible();
  await expect(korean.title).toHaveText("값 하나와 참가자 셋");
});

test("on a phone the diagram opens at the newest packets, also of steps taken beside it", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 640 });
  const bench = new Bench(page, "en");
  await open(page, "?lesson=last-will&lang=en");
  const newest = bench.sequence.locator(".sequence-drawing > g").last();
  await bench.timeline.press("End");
  await expect(bench.clock).toHaveText(/^240\.000/);
  await bench.show("sequence");
  await expect(newest).toBeInViewport();
  await bench.timeline.press("Home");
  await bench.show("lesson");
  for (let steps = 0; steps < 25; steps += 1) await bench.forward.click();
  await bench.show("sequence");
  await expect(newest).toBeInViewport();
});
