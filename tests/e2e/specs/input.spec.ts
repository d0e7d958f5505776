// Typing: Hangul by an input method, and addresses that somebody typed wrong.
import { Bench } from "../bench.ts";
import { expect, open, test } from "../fixture.ts";

test("the Enter that ends a Hangul composition does not publish; the next one publishes once", async ({ page }) => {
  const bench = new Bench(page, "ko");
  await open(page, "?lesson=first-packets&lang=ko");
  await bench.show("controls");
  await bench.picked("dashboard").click();
  await bench.stepUntil(() => bench.button("page-disconnect").isEnabled());
  await bench.tab("page-tab-packets").click();
  const payload = bench.publishForm.getByLabel(bench.say("page-payload"), { exact: true });
  await payload.fill("");
  const published = () => bench.rows("PUBLISH").filter({ hasText: "안녕" }).count();

  // A real composition, as the browser's input method makes it.
  const devtools = await page.context().newCDPSession(page);
  await payload.focus();
  for (const text of ["ㅇ", "아", "안", "안ㄴ", "안녀", "안녕"]) {
    await devtools.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
  }
  const enter = { key: "Enter", code: "Enter", text: "\r" };
  // With a key code of 229, as all browsers send what the input method takes; then as Safari and others say it, by `isComposing`.
  await devtools.send("Input.dispatchKeyEvent", { type: "keyDown", ...enter, windowsVirtualKeyCode: 229 });
  await devtools.send("Input.dispatchKeyEvent", { type: "keyUp", ...enter, windowsVirtualKeyCode: 229 });
  const prevented = await payload.evaluate((input) => {
    const event = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, isComposing: true });
    return !input.dispatchEvent(event);
  });
  expect(prevented).toBe(true);
  await devtools.send("Input.insertText", { text: "안녕" });
  await expect(payload).toHaveValue("안녕");
  for (let steps = 0; steps < 3; steps += 1) await bench.forward.click();
  expect(await published()).toBe(0);

  const before = await bench.rows("PUBLISH").count();
  await payload.press("Enter");
  await expect.poll(published).toBeGreaterThan(0);
  // One PUBLISH leaves the dashboard; the copy that the broker sends back to it is another.
  const sent = () => bench.rows("PUBLISH").filter({ hasText: "안녕" }).filter({ hasText: /dashboard[\s\S]*브로커/ }).count();
  expect(await sent()).toBe(1);
  for (let steps = 0; steps < 4; steps += 1) await bench.forward.click();
  expect(await sent()).toBe(1);
  expect(await bench.rows("PUBLISH").count()).toBeGreaterThan(before);
});

test("keys that are typed into a field are no shortcuts", async ({ page }) => {
  const bench = new Bench(page, "en");
  await open(page, "?lesson=first-packets&lang=en");
  await bench.show("controls");
  const topic = bench.publishForm.getByLabel(bench.say("page-topic"), { exact: true });
  await topic.fill("");
  await topic.pressSequentially("a b?");
  await topic.press("ArrowLeft");
  await topic.press("Home");
  await topic.press("End");
  await expect(topic).toHaveValue("a b?");
  await expect(bench.clock).toHaveText(/^0\.000/);
  await expect(bench.button("page-play")).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("a lesson's text and a learner's payload stay text", async ({ page }) => {
  const bench = new Bench(page, "en");
  await open(page, "?lesson=first-packets&lang=en");
  await bench.show("controls");
  await bench.picked("dashboard").click();
  await bench.stepUntil(() => bench.button("page-disconnect").isEnabled());
  const payload = "<img src=x onerror=alert(1)>{ $name }<b>";
  await bench.publishForm.getByLabel(bench.say("page-payload"), { exact: true }).fill(payload);
  await bench.publishForm.getByRole("button", { name: bench.say("page-publish-do"), exact: true }).click();
  await bench.tab("page-tab-packets").click();
  await expect(bench.rows("PUBLISH").filter({ hasText: payload }).first()).toBeVisible();
  await expect(page.locator("img, #app b:has-text('PUBLISH')")).toHaveCount(0);
});

for (const language of ["ko", "en"] as const) {
  test(`a lesson that does not exist is named, with a way back: ${language}`, async ({ page }) => {
    const bench = new Bench(page, language);
    const slug = "<b>no-such</b>";
    await open(page, `?lesson=${encodeURIComponent(slug)}&lang=${language}`);
    await expect(page.getByRole("heading", { level: 1, name: bench.say("page-failure-title"), exact: true })).toBeVisible();
    await expect(page.getByRole("main")).toContainText(slug);
    await page.getByRole("link", { name: bench.say("page-to-list"), exact: true }).click();
    await expect(page.getByRole("heading", { level: 1, name: bench.say("page-list-title"), exact: true })).toBeVisible();
    await page.getByRole("main").getByRole("link").first().click();
    await expect(bench.title).toBeVisible();
    await bench.forward.click();
    await expect(bench.back).toBeEnabled();
    // The browser's own way back leads where one came from.
    await page.goBack();
    await expect(page.getByRole("heading", { level: 1, name: bench.say("page-list-title"), exact: true })).toBeVisible();
    await page.goBack();
    await expect(page.getByRole("heading", { level: 1, name: bench.say("page-failure-title"), exact: true })).toBeVisible();
  });
}

test("a query that makes no sense leads to the list", async ({ page }) => {
  for (const query of ["?lesson=", "?lang=xx&lesson", "?embed=maybe", "?%F0%28%8C%28", "?lesson=first-packets&lesson=other&lang=&embed=0", "?=&&=1"]) {
    await open(page, query);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.getByRole("button", { name: "English", exact: true })).toBeVisible();
  }
});
