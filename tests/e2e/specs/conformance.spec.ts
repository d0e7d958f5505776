// The statements of the specifications and what shows that they hold, in both languages, by keyboard.
import { readFileSync } from "node:fs";
import { Bench } from "../bench.ts";
import { expect, open, test } from "../fixture.ts";

const statements = readFileSync(new URL("../../../src/view/conformance/statements.tsv", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => line.split("\t"));

for (const language of ["ko", "en"] as const) {
  test(`every statement is listed with what shows it: ${language}`, async ({ page }) => {
    const bench = new Bench(page, language);
    await open(page, `?lang=${language}`);
    await page.getByRole("link", { name: bench.say("page-conformance-link"), exact: true }).press("Enter");
    await expect(page.getByRole("heading", { level: 1, name: bench.say("page-conformance-title"), exact: true })).toBeVisible();
    const rows = page.getByRole("main").getByRole("listitem");
    const count = (version: string, side?: string) => statements.filter((one) => one[0] === version && (!side || one[2] === side)).length;
    await expect(rows).toHaveCount(count("5.0"));
    await expect(page.getByText(bench.say("page-conformance-not-shown"), { exact: true })).toHaveCount(0);

    await page.getByRole("button", { name: bench.say("page-conformance-client"), exact: true }).press("Enter");
    await expect(rows).toHaveCount(count("5.0", "client"));
    await page.getByRole("button", { name: "MQTT 3.1.1", exact: true }).press("Enter");
    await expect(rows).toHaveCount(count("3.1.1", "client"));
    await page.getByRole("button", { name: bench.say("page-conformance-all"), exact: true }).press("Enter");
    await page.getByRole("textbox").fill("3.1.2-24");
    await expect(rows).toHaveCount(1);
    await expect(rows).toContainText(statements.find((one) => one[0] === "3.1.1" && one[1] === "MQTT-3.1.2-24")?.[language === "ko" ? 4 : 3] ?? "-");
    await page.goBack();
    await expect(page.getByRole("heading", { level: 1, name: bench.say("page-list-title"), exact: true })).toBeVisible();
  });
}
