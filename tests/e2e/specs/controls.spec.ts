// What a learner gives a 5.0 client to do, by keyboard, and what the inspector shows of it afterwards.
import type { Locator, Page } from "@playwright/test";
import { Bench, tabTo } from "../bench.ts";
import { expect, open, test } from "../fixture.ts";

test.use({ viewport: { width: 1440, height: 900 } });

/** A lesson whose clients are connected, with the controls of one of them. */
async function control(page: Page, bench: Bench, name: string): Promise<void> {
  await open(page, `?lesson=last-will&lang=${bench.language}`);
  await bench.show("controls");
  await bench.picked(name).click();
  await bench.stepUntil(() => bench.button("page-disconnect").isEnabled());
}

/** Steps on until the inspector has an entry with all these words. */
async function untilShown(bench: Bench, entry: Locator): Promise<void> {
  await bench.show("state");
  await bench.stepUntil(async () => (await entry.count()) > 0);
}

const unfold = (form: Locator, bench: Bench, key: string) => form.getByText(bench.say(key), { exact: true }).click();

for (const language of ["ko", "en"] as const) {
  test(`a message carries the properties that were typed, and what is wrong is said at its field: ${language}`, async ({ page }) => {
    const bench = new Bench(page, language);
    await control(page, bench, "dashboard");
    const form = bench.publishForm;
    const field = (name: string | RegExp) => form.getByRole("textbox", { name, exact: true });
    const publish = form.getByRole("button", { name: bench.say("page-publish-do"), exact: true });
    await field(bench.say("page-topic")).fill("집/거실");
    await unfold(form, bench, "page-properties");

    // Each mistake is described by words, and nothing goes out.
    for (const [name, value, words] of [
      [bench.say("page-property-expiry"), "ten", "page-property-number"],
      ["Topic Alias", "0", "page-property-alias"],
      ["Response Topic", "a/#", "page-response-topic-wrong"],
      [bench.say("page-property-user-value"), "거실", "page-property-user-name-missing"],
    ] as const) {
      await field(name).fill(value);
      const wrong = words === "page-property-user-name-missing" ? field(bench.say("page-property-user-name")) : field(name);
      await expect(wrong).toHaveAttribute("aria-invalid", "true");
      await expect(wrong).toHaveAccessibleDescription(bench.say(words));
      await expect(publish).toBeDisabled();
      await field(name).fill("");
      await expect(publish).toBeEnabled();
    }

    await field(bench.say("page-property-expiry")).fill("60");
    await field("Topic Alias").fill("1");
    await field("Content Type").fill("text/plain");
    await field("Response Topic").fill("답/거실");
    await field("Correlation Data").fill("n-1");
    await field(bench.say("page-property-user-name")).fill("방");
    await form.getByRole("combobox", { name: "QoS" }).selectOption("1");
    await form.getByRole("checkbox", { name: "RETAIN" }).check();
    const value = field(bench.say("page-property-user-value"));
    await value.fill("거실");
    // Enter in any of the fields publishes, and the focus stays for the next message.
    await value.press("Enter");
    await expect(value).toBeFocused();

    await bench.tab("page-tab-packets").click();
    const sent = bench.rows("PUBLISH").filter({ hasText: "집/거실" });
    await bench.stepUntil(async () => (await sent.count()) > 0);
    await sent.first().getByRole("button").click();
    await bench.show("packet");
    for (const shown of ["Message Expiry Interval", "Topic Alias", "text/plain", "답/거실", "방"]) await expect(bench.fields).toContainText(shown);

    await bench.show("state");
    await bench.stepUntil(async () => (await bench.side.getByText("22.5", { exact: true }).count()) > 0);
    await expect(bench.side.getByText(bench.say("page-state-aliases-to-broker")).first()).toBeVisible();
    await expect(bench.side.getByText(bench.say("page-state-message-expires"))).toHaveCount(1);
  });
}

test("a subscription with every option stands in the inspector with its options", async ({ page }) => {
  const bench = new Bench(page, "ko");
  await control(page, bench, "dashboard");
  const form = bench.subscribeForm;
  await form.getByLabel(bench.say("page-filter"), { exact: true }).fill("집/#");
  await unfold(form, bench, "page-options");
  await form.getByRole("checkbox", { name: "No Local", exact: true }).press("Space");
  await form.getByRole("checkbox", { name: "Retain As Published", exact: true }).press("Space");
  await form.getByRole("combobox", { name: "Retain Handling", exact: true }).selectOption("2");
  const identifier = form.getByRole("textbox", { name: "Subscription Identifier", exact: true });
  await identifier.fill("0");
  await expect(identifier).toHaveAccessibleDescription(bench.say("page-subscription-identifier"));
  await expect(form.getByRole("button", { name: bench.say("page-subscribe-do"), exact: true })).toBeDisabled();
  await identifier.fill("268435455");
  await identifier.press("Enter");

  const entry = bench.side.getByRole("listitem").filter({ has: page.getByText("집/#", { exact: true }) });
  await untilShown(bench, entry);
  for (const option of ["QoS 1", "No Local", "Retain As Published", "Retain Handling 2", "Subscription Identifier 268435455"]) {
    await expect(entry.getByText(option, { exact: true })).toBeVisible();
  }

  // With No Local, nothing comes back of what the client itself publishes.
  await bench.show("controls");
  await bench.publishForm.getByLabel(bench.say("page-topic"), { exact: true }).fill("집/거실");
  await bench.publishForm.getByRole("button", { name: bench.say("page-publish-do"), exact: true }).click();
  await bench.tab("page-tab-packets").click();
  await bench.stepUntil(async () => (await bench.rows("PUBLISH").filter({ hasText: "집/거실" }).count()) > 0);
  for (let steps = 0; steps < 6; steps += 1) await bench.forward.click();
  await expect(bench.rows("PUBLISH").filter({ hasText: "집/거실" })).toHaveCount(1);
});

test("the members of a shared subscription stand in the inspector with whose turn it is; No Local is refused for it", async ({ page }) => {
  const bench = new Bench(page, "en");
  await control(page, bench, "dashboard");
  const join = async () => {
    await bench.subscribeForm.getByLabel(bench.say("page-filter"), { exact: true }).fill("$share/readers/home/#");
    await expect(bench.subscribeForm.getByText(bench.say("page-share-help", { group: "readers" }))).toBeVisible();
    const subscribe = bench.subscribeForm.getByRole("button", { name: bench.say("page-subscribe-do"), exact: true });
    await unfold(bench.subscribeForm, bench, "page-options");
    const noLocal = bench.subscribeForm.getByRole("checkbox", { name: "No Local", exact: true });
    await noLocal.check();
    await expect(noLocal).toHaveAccessibleDescription(bench.say("page-no-local-shared"));
    await expect(subscribe).toBeDisabled();
    await noLocal.uncheck();
    await subscribe.click();
  };
  await join();
  await bench.picked("tablet").click();
  await bench.button("page-connect").click();
  await bench.stepUntil(() => bench.button("page-disconnect").isEnabled());
  await join();

  const group = bench.side.getByRole("article").filter({ has: page.getByText("$share/readers/home/#", { exact: true }) }).last();
  await bench.show("state");
  await bench.stepUntil(async () => (await group.getByRole("listitem").count()) === 2);
  await expect(group.getByRole("listitem")).toHaveText([/dashboard/, /tablet/]);
  await expect(group.getByText(bench.say("page-state-turn"), { exact: true })).toHaveCount(1);
});

test("a request that nobody answers is given up after five seconds", async ({ page }) => {
  const bench = new Bench(page, "ko");
  await control(page, bench, "dashboard");
  await bench.publishForm.getByLabel(bench.say("page-topic"), { exact: true }).fill("집/질문");
  await bench.publishForm.getByRole("button", { name: bench.say("page-request-do"), exact: true }).press("Enter");
  const asked = await bench.seconds();
  await bench.show("state");
  await bench.stepUntil(async () => (await bench.side.getByText(bench.say("page-state-requests", { count: 1 }), { exact: true }).count()) > 0);
  await bench.tab("page-tab-table").click();
  const givenUp = page.getByRole("row").filter({ has: page.getByText(bench.say("view-request-timed-out")) });
  await bench.stepUntil(async () => (await givenUp.count()) > 0, 120);
  const at = Number.parseFloat((await givenUp.getByRole("cell").first().textContent()) ?? "");
  expect(at - asked).toBeCloseTo(5, 2);
  await expect(bench.side.getByText(bench.say("page-state-requests"))).toHaveCount(0);
});

test("whom the broker throws out gets DISCONNECT 0x98, and the focus stays on the button", async ({ page }) => {
  const bench = new Bench(page, "ko");
  await control(page, bench, "dashboard");
  await tabTo(page, bench.button("page-kick"));
  await page.keyboard.press("Enter");
  await bench.tab("page-tab-packets").click();
  const goodbye = bench.rows("DISCONNECT").filter({ hasText: "0x98" });
  await bench.button("page-kick").focus();
  await bench.stepUntil(async () => (await goodbye.count()) > 0 && !(await bench.button("page-kick").isEnabled()));
  await expect(goodbye).toHaveCount(1);
  await bench.button("page-kick").focus();
  await expect(bench.button("page-kick")).toBeFocused();
  // Pressing what is not possible does nothing.
  await page.keyboard.press("Enter");
  await expect(bench.rows("DISCONNECT")).toHaveCount(await bench.rows("DISCONNECT").count());
});

test("while the broker is off the inspector says so, and nobody is online", async ({ page }) => {
  const bench = new Bench(page, "en");
  await control(page, bench, "dashboard");
  await bench.show("state");
  await expect(bench.side.getByText(bench.say("page-state-online"), { exact: true }).first()).toBeVisible();
  await bench.show("controls");
  await bench.picked(String(bench.say("view-broker"))).click();
  await bench.button("page-broker-crash").press("Enter");
  await expect(bench.button("page-broker-crash")).toBeFocused();
  await bench.show("state");
  await expect(bench.side.getByText(bench.say("page-state-broker-off"))).toBeVisible();
  await expect(bench.side.getByText(bench.say("page-state-online"), { exact: true })).toHaveCount(0);
});

test("every control of a client is reached by Tab, in the order in which it is seen, with a visible focus", async ({ page }) => {
  const bench = new Bench(page, "ko");
  await control(page, bench, "dashboard");
  // The summaries of the fold-outs open by keyboard.
  for (const [form, key] of [
    [bench.publishForm, "page-properties"],
    [bench.subscribeForm, "page-options"],
  ] as const) {
    const summary = form.locator("summary").filter({ hasText: bench.say(key) });
    await tabTo(page, summary);
    await page.keyboard.press("Enter");
    await expect(form.locator("details")).toHaveAttribute("open");
  }
  await bench.picked("door").focus();
  const panel = bench.side.getByRole("tabpanel");
  const count = await panel.locator("button, input, select, summary").count();
  let last = -1;
  for (let presses = 0; presses < count - 1; presses += 1) {
    await page.keyboard.press("Tab");
    const seen = await page.evaluate(() => {
      const focused = document.activeElement as HTMLElement;
      const all = [...document.querySelectorAll(".side-panel :is(button, input, select, summary)")];
      return { index: all.indexOf(focused), outline: getComputedStyle(focused).outlineStyle, named: focused.tagName };
    });
    expect(seen.index).toBe(last < 0 ? 1 : last + 1);
    expect(seen.outline, `${seen.named} ${seen.index}`).not.toBe("none");
    last = seen.index;
  }
  expect(last).toBe(count - 1);
});
