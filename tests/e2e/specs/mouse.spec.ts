// A whole lesson on a phone-sized screen, by pointing alone, in English.
import { Bench } from "../bench.ts";
import { expect, open, test } from "../fixture.ts";

test.use({ viewport: { width: 360, height: 640 } });

test("last-will can be finished in English by mouse at 360×640", async ({ page }) => {
  test.setTimeout(120_000);
  const bench = new Bench(page, "en");
  const goTo = async (seconds: number) => {
    const length = Number(await bench.timeline.getAttribute("max")) / 1000;
    const box = await bench.timeline.boundingBox();
    // The middle of the thumb travels from half its width to half its width before the end.
    const thumb = 20;
    await bench.timeline.click({ position: { x: thumb / 2 + ((box?.width ?? 0) - thumb) * (seconds / length), y: (box?.height ?? 0) / 2 } });
  };
  const control = async (name: string) => {
    await bench.show("controls");
    await bench.picked(name).click();
  };
  const untilConnected = () => bench.stepUntil(() => bench.button("page-disconnect").isEnabled());

  await open(page, "?lang=en");
  await page.getByRole("link", { name: /Last Will/ }).click();
  await expect(bench.title).toBeVisible();

  // Both predictions on the way, answered right.
  await bench.lesson.getByText("Nothing; the board goes on saying").click();
  await expect(bench.lesson.getByRole("status").first()).toContainText(bench.say("page-predict-right"));
  await bench.button("page-step-next").click();
  await bench.button("page-step-next").click();
  await bench.lesson.getByText("About 90 s after its last packet").click();
  await expect(bench.lesson.getByRole("status").first()).toContainText(bench.say("page-predict-right"));
  while ((await bench.button("page-step-next").count()) > 0) await bench.button("page-step-next").click();

  // Check too early: what is missing is said.
  await bench.button("page-check").click();
  await expect(bench.goals.getByRole("status").first()).toContainText(bench.say("page-unsolved"));
  await expect(bench.met).toHaveCount(0);

  await goTo(97);
  expect(await bench.seconds()).toBeGreaterThan(91);
  expect(await bench.seconds()).toBeLessThan(120);

  // The door connects, has its accident, and the Will is published.
  await bench.show("sequence");
  await bench.node("door").click();
  await expect(bench.picked("door")).toHaveAttribute("aria-pressed", "true");
  await bench.button("page-connect").click();
  await untilConnected();
  await bench.button("page-power-cut").click();
  const cut = await bench.seconds();
  await goTo(cut + 42);
  await bench.show("lesson");
  await bench.stepUntil(async () => (await bench.met.count()) >= 1, 10);

  // The tablet comes and sees it, and goes.
  await control("tablet");
  await bench.button("page-connect").click();
  await untilConnected();
  await bench.show("lesson");
  await bench.stepUntil(async () => (await bench.met.count()) >= 2);
  await control("tablet");
  await bench.button("page-disconnect").click();
  await bench.stepUntil(() => bench.button("page-connect").isEnabled());

  // Power comes back, and the door says so, retained.
  await control("door");
  await bench.button("page-power-on").click();
  await untilConnected();
  const form = bench.publishForm;
  await form.getByLabel(bench.say("page-topic"), { exact: true }).fill("home/door/status");
  await form.getByLabel(bench.say("page-payload"), { exact: true }).fill("online");
  await form.getByRole("combobox", { name: "QoS" }).selectOption("1");
  await form.getByRole("checkbox", { name: "RETAIN" }).check();
  await form.getByRole("button", { name: bench.say("page-publish-do"), exact: true }).click();
  await bench.show("lesson");
  for (let steps = 0; steps < 8; steps += 1) await bench.forward.click();

  await control("tablet");
  await bench.button("page-connect").click();
  await untilConnected();
  await bench.show("lesson");
  await bench.stepUntil(async () => (await bench.met.count()) === 3);
  await bench.button("page-check").click();
  await expect(bench.goals.getByRole("status").first()).toContainText(bench.say("page-solved"));
});
