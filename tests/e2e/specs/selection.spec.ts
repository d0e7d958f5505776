// One selection everywhere: table, diagram, packet list, fields and bytes.
import { Bench } from "../bench.ts";
import { expect, open, test } from "../fixture.ts";

test("a packet selected in one view is selected in all", async ({ page }) => {
  const bench = new Bench(page, "en");
  await open(page, "?lesson=first-packets&lang=en");
  for (let steps = 0; steps < 12; steps += 1) await bench.forward.click();
  await bench.tab("page-tab-table").click();
  const row = bench.rows("SUBSCRIBE").first();
  await row.getByRole("button").click();
  await expect(row.getByRole("button")).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByRole("heading", { level: 2, name: "SUBSCRIBE", exact: true })).toBeVisible();
  await expect(bench.fields.getByRole("treeitem").first()).toBeVisible();
  // The first byte of SUBSCRIBE is 0x82 [MQTT-3.8.1-1].
  await expect(bench.hex.getByRole("gridcell").first()).toHaveText("82");

  await bench.tab("page-tab-packets").click();
  await expect(bench.rows("SUBSCRIBE").first().getByRole("button")).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByRole("button", { pressed: true }).filter({ hasText: /[A-Z]{5}/ })).toHaveCount(1);

  // In the diagram the arrow keys take it on from there.
  await bench.tab("page-tab-sequence").click();
  await expect(bench.sequence.locator(".arrow.selected")).toHaveCount(1);
  await expect(bench.sequence.locator(".arrow.selected")).toContainText("SUBSCRIBE");
  await bench.sequence.focus();
  await page.keyboard.press("ArrowDown");
  await expect(bench.sequence.locator(".arrow.selected")).not.toContainText("SUBSCRIBE id");
  const next = await bench.sequence.locator(".arrow.selected").textContent();
  const heading = await bench.side.getByRole("heading", { level: 2 }).first().textContent();
  expect(next).toContain(heading?.match(/[A-Z]+/)?.[0] ?? "nothing");
  await page.keyboard.press("Escape");
  await expect(bench.fields).toHaveCount(0);
  await expect(bench.sequence.locator(".arrow.selected")).toHaveCount(0);

  // The lesson's text selects, too.
  await bench.lesson.getByRole("button", { name: /^2\. / }).click();
  await bench.lesson.getByRole("button", { name: "CONNACK", exact: true }).click();
  await expect(page.getByRole("heading", { level: 2, name: "CONNACK", exact: true })).toBeVisible();
  await expect(bench.sequence.locator(".arrow.selected")).toContainText("CONNACK");
});

test("arrow keys over the fields mark their bytes, and over the bytes their fields", async ({ page }) => {
  const bench = new Bench(page, "en");
  await open(page, "?lesson=first-packets&lang=en");
  await bench.lesson.getByRole("button", { name: /^2\. / }).click();
  await bench.lesson.getByRole("button", { name: "CONNECT", exact: true }).click();
  const items = bench.fields.getByRole("treeitem");
  const marked = () => bench.hex.getByRole("gridcell", { selected: true }).allTextContents().then((bytes) => bytes.map((byte) => byte.trim()).join(" "));
  const visited = new Map<string, string>();
  await items.first().focus();
  await page.keyboard.press("Home");
  for (let index = 0; index < (await items.count()); index += 1) {
    await expect(items.nth(index)).toHaveAttribute("aria-selected", "true");
    await expect(items.nth(index)).toBeFocused();
    visited.set((await items.nth(index).locator(".field-name").textContent()) ?? "", await marked());
    await page.keyboard.press("ArrowDown");
  }
  expect(visited.get("Protocol Name")).toBe("00 04 4d 51 54 54");
  expect(visited.get("Keep Alive")).toBe("00 3c");
  expect(visited.get("Client Identifier")).toBe("00 06 73 65 6e 73 6f 72");

  await bench.hex.getByRole("gridcell").first().click();
  await expect(bench.hex.getByRole("gridcell").first()).toBeFocused();
  await page.keyboard.press("ArrowDown");
  // Byte 8 is the version.
  await expect(bench.hex.getByRole("gridcell").nth(8)).toBeFocused();
  await expect(bench.fields.getByRole("treeitem", { selected: true })).toContainText("Protocol Version");
  expect(await marked()).toBe("05");
});
