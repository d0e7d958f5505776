// Exported files, and what others read in them.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type Page } from "@playwright/test";
import type { Bench } from "./bench.ts";
import { test } from "./fixture.ts";

/** Downloads an export by its menu. */
export async function exported(page: Page, bench: Bench, format: "JSON" | "pcapng"): Promise<{ name: string; content: Buffer }> {
  await page.getByRole("button", { name: bench.say("page-export"), exact: true }).click();
  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: new RegExp(`^${format}`) }).click();
  const download = await coming;
  return { name: download.suggestedFilename(), content: readFileSync(await download.path()) };
}

interface Export {
  format: number;
  mqtt_packets_on_the_wire: number;
  records: { id: number; at: number; event: string }[];
}

/** How many MQTT packets an exported JSON says were on the wire; its records must tell of as many or more, as some are never sent. */
export function packetsIn(content: Buffer): number {
  const parsed = JSON.parse(content.toString("utf8")) as Export;
  expect(parsed.format).toBe(1);
  const packets = parsed.records.filter(({ event }) => event === "packet_sent" || event === "packet_observed").length;
  expect(parsed.mqtt_packets_on_the_wire).toBeLessThanOrEqual(packets);
  return parsed.mqtt_packets_on_the_wire;
}

/** What tshark reads in a capture with no option given. One frame may hold several MQTT packets. */
export function mqttIn(capture: Buffer): { packets: number; malformed: number } {
  const folder = mkdtempSync(join(tmpdir(), "capture-"));
  try {
    const file = join(folder, "capture.pcapng");
    writeFileSync(file, capture);
    const types = tshark(["-r", file, "-Y", "mqtt", "-T", "fields", "-e", "mqtt.msgtype"]);
    const malformed = tshark(["-r", file, "-Y", "_ws.malformed", "-T", "fields", "-e", "frame.number"]);
    return { packets: types.split(/[\n,]/).filter(Boolean).length, malformed: malformed.split("\n").filter(Boolean).length };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function tshark(args: string[]): string {
  try {
    return execFileSync("tshark", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || process.env.CI === "true") throw error;
    test.skip(true, "needs tshark: sudo apt-get install tshark");
    throw error;
  }
}
