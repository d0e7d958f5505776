// What the page gives out as files, read by others: JSON by a parser, captures by tshark.
import { expect, open, test } from "../fixture.ts";
import { Bench } from "../bench.ts";
import { exported, mqttIn, packetsIn } from "../files.ts";

for (const slug of ["first-packets", "qos-2", "loss-and-tcp", "last-will"]) {
  test(`${slug} exports as JSON and as a capture with the same packets`, async ({ page }) => {
    const bench = new Bench(page, "en");
    await open(page, `?lesson=${slug}&lang=en`);
    await page.keyboard.press("End");
    await expect(bench.timeline).toHaveJSProperty("value", (await bench.timeline.getAttribute("max")) ?? "");
    const json = await exported(page, bench, "JSON");
    expect(json.name).toBe(`${slug}.json`);
    const onTheWire = packetsIn(json.content);
    expect(onTheWire).toBeGreaterThan(5);
    const capture = await exported(page, bench, "pcapng");
    expect(capture.name).toBe(`${slug}.pcapng`);
    const { packets, malformed } = mqttIn(capture.content);
    expect(packets).toBe(onTheWire);
    expect(malformed).toBe(0);
  });
}
