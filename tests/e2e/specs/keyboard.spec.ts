// A whole lesson without a mouse, in Korean.
import { Bench, tabTo } from "../bench.ts";
import { expect, open, test } from "../fixture.ts";

test.use({ viewport: { width: 1280, height: 800 }, locale: "ko-KR" });

test("first-packets can be finished in Korean with the keyboard alone", async ({ page }) => {
  test.setTimeout(120_000);
  const bench = new Bench(page, "ko");
  const press = async (key: string, times = 1) => {
    for (let presses = 0; presses < times; presses += 1) await page.keyboard.press(key);
  };
  const to = (...args: Parameters<Bench["button"]>) => tabTo(page, bench.button(...args));
  const steps = bench.lesson.getByRole("list", { name: bench.say("page-steps"), exact: true }).getByRole("button");

  // From the list into the lesson.
  await open(page);
  await expect(page.locator("html")).toHaveAttribute("lang", "ko");
  await tabTo(page, page.getByRole("link", { name: /첫 패킷들/ }));
  await press("Enter");
  await expect(page).toHaveURL(/lesson=first-packets/);
  await expect(page).toHaveTitle(/첫 패킷들/);

  // The prediction comes first: a right answer is praised.
  const question = bench.lesson.getByRole("group").first();
  await tabTo(page, question.getByRole("radio").first());
  await press("ArrowDown");
  await expect(question.getByRole("radio", { name: "18바이트", exact: true })).toBeChecked();
  await expect(question.getByRole("status")).toContainText(bench.say("page-predict-right"));

  // Shortcuts: step, play, pause, to the start.
  await tabTo(page, bench.forward);
  await press("ArrowRight", 3);
  await expect(bench.sequence).toContainText("CONNECT");
  const stepped = await bench.seconds();
  await press("ArrowLeft");
  await press("ArrowRight");
  expect(await bench.seconds()).toBe(stepped);
  await tabTo(page, page.getByRole("link", { name: bench.say("page-skip"), exact: true }));
  await press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  await press("Space");
  await expect(bench.button("page-pause")).toBeVisible();
  await expect.poll(() => bench.seconds()).toBeGreaterThan(stepped);
  await press("Space");
  await expect(bench.button("page-play")).toBeVisible();
  await press("Home");
  await expect(bench.clock).toHaveText(/^0\.000/);

  // Walk through the steps of the text; a packet's name in it brings that packet into view.
  const count = await steps.count();
  expect(count).toBeGreaterThan(3);
  for (let step = 1; step < count; step += 1) {
    const before = await bench.title.textContent();
    await to("page-step-next");
    await press("Enter");
    await expect(bench.title).not.toHaveText(before ?? "");
    await expect(bench.title).toBeFocused();
    const packet = bench.lesson.getByRole("button", { name: /^(CONNECT|SUBSCRIBE|PUBLISH|DISCONNECT)$/ });
    if (step < count - 1) {
      await tabTo(page, packet.first());
      const name = (await packet.first().textContent())?.replace(/\P{Lu}/gu, "") ?? "";
      await press("Enter");
      await expect(page.getByRole("heading", { level: 2, name, exact: true })).toBeVisible();
      await expect(bench.fields.getByRole("treeitem").first()).toBeVisible();
    }
  }

  // To a time after the sensor has left, by the slider.
  await tabTo(page, bench.timeline);
  await press("Home");
  await press("PageUp", 2);
  expect(await bench.seconds()).toBeGreaterThan(4);

  // The phone connects.
  await tabTo(page, bench.node("phone"));
  await press("Enter");
  await expect(bench.picked("phone")).toHaveAttribute("aria-pressed", "true");
  await to("page-connect");
  await press("Enter");
  const onward = async (isDone: () => Promise<boolean>) => {
    await tabTo(page, bench.forward);
    for (let presses = 0; presses < 40 && !(await isDone()); presses += 1) await press("Enter");
    expect(await isDone()).toBe(true);
  };
  await onward(() => bench.button("page-disconnect").isEnabled());

  // It subscribes: Enter in the field is enough.
  const filter = bench.subscribeForm.getByRole("textbox");
  await tabTo(page, filter);
  await press("Control+a");
  await page.keyboard.type("home/temp");
  await press("Enter");
  await onward(async () => (await bench.met.count()) >= 1);

  // The sensor connects again and publishes.
  await tabTo(page, bench.picked("sensor"));
  await press("Enter");
  await to("page-connect");
  await press("Enter");
  await onward(() => bench.button("page-disconnect").isEnabled());
  await tabTo(page, bench.publishForm.getByRole("button", { name: bench.say("page-publish-do"), exact: true }));
  await press("Space");
  await onward(async () => (await bench.met.count()) >= 2);

  // The phone says goodbye.
  await tabTo(page, bench.picked("phone"));
  await press("Enter");
  await to("page-disconnect");
  await press("Enter");
  await onward(async () => (await bench.met.count()) === 3);

  await to("page-check");
  await press("Enter");
  await expect(bench.goals.getByRole("status").first()).toContainText(bench.say("page-solved"));
});
