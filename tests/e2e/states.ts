// Every state that the page can be in, one after the other, for what must hold in all of them.
import { expect, type Locator, type Page } from "@playwright/test";
import { Bench, type Language } from "./bench.ts";
import { open } from "./fixture.ts";

/** Walks through the states; the name says which one the page is in. */
export async function* states(page: Page, language: Language): AsyncGenerator<string> {
  const bench = new Bench(page, language);
  const lesson = (slug: string) => open(page, `?lesson=${slug}&lang=${language}`);

  await open(page, `?lang=${language}`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  yield "list";

  await lesson("first-packets");
  await expect(bench.title).toBeVisible();
  yield "lesson-start";
  await bench.lesson.getByRole("radio").first().check();
  yield "prediction-wrong";
  await bench.show("sequence");
  yield "sequence-empty";
  await bench.show("packet");
  yield "packet-empty";
  await bench.show("sequence");
  for (let steps = 0; steps < 15; steps += 1) await bench.forward.click();
  await bench.tab("page-tab-packets").click();
  await bench.rows("CONNECT").first().getByRole("button").click();
  yield "packets";
  await bench.tab("page-tab-table").click();
  yield "table";
  await bench.tab("page-tab-sequence").click();
  yield "sequence";
  await bench.show("packet");
  await bench.fields.getByRole("treeitem").nth(9).click();
  yield "packet-field";
  await bench.show("state");
  yield "state";
  await bench.show("controls");
  yield "controls-client";
  await bench.publishForm.getByLabel(bench.say("page-topic"), { exact: true }).fill("집/거실/+");
  yield "controls-topic-wrong";
  for (const fold of await bench.side.locator("summary").all()) await fold.click();
  yield "controls-folds-open";
  const field = (form: Locator, name: string | RegExp) => form.getByRole("textbox", { name, exact: true });
  await field(bench.publishForm, bench.say("page-property-expiry")).fill("-1");
  await field(bench.publishForm, "Topic Alias").fill("65536");
  await field(bench.publishForm, "Response Topic").fill("답/#");
  await field(bench.publishForm, bench.say("page-property-user-value")).fill("거실");
  await field(bench.subscribeForm, bench.say("page-filter")).fill("$share/거실/집/#");
  await bench.subscribeForm.getByRole("checkbox", { name: "No Local", exact: true }).check();
  await field(bench.subscribeForm, "Subscription Identifier").fill("0");
  yield "controls-folds-wrong";
  await bench.picked(String(bench.say("view-broker"))).click();
  yield "controls-broker";
  await bench.show("lesson");
  await bench.lesson.getByRole("list", { name: bench.say("page-steps"), exact: true }).getByRole("button").nth(1).click();
  yield "lesson-tables";
  await bench.lesson.getByRole("list", { name: bench.say("page-steps"), exact: true }).getByRole("button").last().click();
  yield "goals-open";
  await bench.button("page-check").click();
  await bench.place.getByRole("button", { name: bench.say("page-hint") }).click();
  await bench.button("page-solution").click();
  yield "goals-missed";
  await bench.button("page-solution-sure").click();
  await expect(bench.button("page-pause")).toBeVisible();
  yield "playing";
  await bench.timeline.press("End");
  await expect(bench.goals.getByRole("status").first()).toContainText(bench.say("page-solved-by-solution"));
  yield "goals-met";

  await page.getByRole("button", { name: bench.say("page-export"), exact: true }).click();
  yield "export-menu";
  await page.keyboard.press("Escape");
  // A shortcut opens it, as the button has no room on a phone.
  await bench.title.focus();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeVisible();
  yield "keys";
  await page.keyboard.press("Escape");

  await lesson("last-will");
  await bench.timeline.press("PageUp");
  await bench.show("controls");
  await bench.picked("boiler").click();
  await bench.button("page-cut-both").click();
  await bench.picked("dashboard").click();
  await bench.button("page-power-cut").click();
  await bench.back.click();
  await bench.back.click();
  await bench.picked("boiler").click();
  await bench.button("page-freeze").click();
  await expect(bench.branches).toBeVisible();
  await bench.show("sequence");
  yield "branches";
  await bench.timeline.press("End");
  yield "last-will-end";
  await bench.show("state");
  yield "last-will-state";

  // Everything that the inspector can show of a session at once.
  await lesson("last-will");
  await bench.show("controls");
  await bench.picked("dashboard").click();
  await bench.stepUntil(() => bench.button("page-disconnect").isEnabled());
  for (const fold of await bench.side.locator("summary").all()) await fold.click();
  await field(bench.subscribeForm, bench.say("page-filter")).fill("$share/거실/집/아주-긴-이름의-토픽-필터/온도");
  await bench.subscribeForm.getByRole("checkbox", { name: "Retain As Published", exact: true }).check();
  await bench.subscribeForm.getByRole("combobox", { name: "Retain Handling", exact: true }).selectOption("1");
  await field(bench.subscribeForm, "Subscription Identifier").fill("268435455");
  await field(bench.subscribeForm, "Subscription Identifier").press("Enter");
  await field(bench.publishForm, bench.say("page-topic")).fill("집/거실");
  await field(bench.publishForm, bench.say("page-property-expiry")).fill("60");
  await field(bench.publishForm, "Topic Alias").fill("1");
  await bench.publishForm.getByRole("combobox", { name: "QoS" }).selectOption("2");
  await bench.publishForm.getByRole("checkbox", { name: "RETAIN" }).check();
  await field(bench.publishForm, "Topic Alias").press("Enter");
  await bench.button("page-request-do").click();
  for (let steps = 0; steps < 3; steps += 1) await bench.forward.click();
  await bench.show("state");
  yield "state-session";
  await bench.show("controls");
  await bench.picked(String(bench.say("view-broker"))).click();
  await bench.button("page-broker-crash").click();
  yield "controls-broker-off";
  await bench.show("state");
  yield "state-broker-off";

  await lesson("loss-and-tcp");
  await bench.timeline.press("End");
  await bench.show("sequence");
  yield "loss-sequence";
  await bench.tab("page-tab-table").click();
  yield "loss-table";

  await lesson("qos-2");
  await bench.timeline.press("End");
  await bench.show("sequence");
  yield "qos-2-sequence";

  await lesson("no-such-lesson");
  await expect(page.getByRole("heading", { level: 1, name: bench.say("page-failure-title"), exact: true })).toBeVisible();
  yield "failure";

  await open(page, `?conformance=1&lang=${language}`);
  yield "conformance";
  await page.getByRole("button", { name: bench.say("page-conformance-client"), exact: true }).click();
  await page.getByRole("button", { name: "MQTT 3.1.1", exact: true }).click();
  yield "conformance-client";

  await open(page, `?live=1&lang=${language}`);
  yield "live-form";
  await page.locator("summary").click();
  await page.getByRole("textbox", { name: bench.say("page-live-session-expiry"), exact: true }).fill("x");
  await page.getByRole("textbox", { name: "Receive Maximum", exact: true }).fill("0");
  yield "live-form-settings";
  await page.getByRole("textbox", { name: bench.say("page-live-url"), exact: true }).fill("mqtt://broker.example");
  yield "live-form-wrong";

  await open(page, `?embed=1&lesson=last-will&lang=${language}`);
  yield "embed-lesson";
  await bench.show("sequence");
  for (let steps = 0; steps < 10; steps += 1) await bench.forward.click();
  yield "embed-sequence";
  await open(page, `?embed=1&lang=${language}`);
  yield "embed-list";
}
