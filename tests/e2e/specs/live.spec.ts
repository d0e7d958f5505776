// One client of the playground on a real broker: Debian's mosquitto by WebSocket.
import { execFileSync } from "node:child_process";
import type { Page } from "@playwright/test";
import { Bench } from "../bench.ts";
import { exported, mqttIn, packetsIn } from "../files.ts";
import { expect, gravest, open, test } from "../fixture.ts";
import { startMosquitto } from "../mosquitto.ts";

const SECRET = "sesame-8f3a1c";

async function connect(page: Page, bench: Bench, url: string, version = "MQTT 5.0"): Promise<void> {
  await open(page, "?live=1&lang=en");
  const field = (key: string) => page.getByLabel(bench.say(key), { exact: true });
  await field("page-live-url").fill(url);
  await page.getByRole("combobox", { name: bench.say("page-live-version"), exact: true }).selectOption(version);
  await field("page-live-user").fill("anna");
  await field("page-live-password").fill(SECRET);
  await page.getByLabel("Client Identifier").fill("tester");
  await bench.button("page-live-connect").click();
}

async function inTable(page: Page, packet: string, times: number): Promise<void> {
  await expect(page.getByRole("table").getByRole("button", { name: packet }), packet).toHaveCount(times);
}

/** Everything that outlives the page or is seen in it. */
function traces(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const values = [...document.querySelectorAll("input")].map((input) => input.value);
    const databases = await indexedDB.databases();
    return JSON.stringify([
      document.documentElement.outerHTML,
      values,
      location.href,
      history.state,
      { ...localStorage },
      { ...sessionStorage },
      document.cookie,
      databases,
      document.title,
    ]);
  });
}

for (const version of ["MQTT 5.0", "MQTT 3.1.1"]) {
  test(`a client of the page talks to mosquitto, in the same views: ${version}`, async ({ page }) => {
    const broker = await startMosquitto();
    const bench = new Bench(page, "en");
    const sockets: string[] = [];
    page.on("websocket", (socket) => sockets.push(socket.url()));
    try {
      await connect(page, bench, broker.webSocketUrl, version);
      // Whoever opens the page connects by hand: nothing is sent before.
      const button = bench.button("page-connect").first();
      if (await button.isVisible()) await button.click();
      await bench.tab("page-tab-packets").click();
      await inTable(page, "CONNECT", 1);
      await inTable(page, "CONNACK", 1);
      expect(sockets.map((url) => new URL(url).origin)).toEqual([new URL(broker.webSocketUrl).origin]);

      await bench.show("controls");
      await bench.subscribeForm.getByLabel(bench.say("page-filter"), { exact: true }).fill("집/#");
      await bench.subscribeForm.getByRole("button", { name: bench.say("page-subscribe-do"), exact: true }).click();
      await inTable(page, "SUBACK", 1);
      const form = bench.publishForm;
      await form.getByLabel(bench.say("page-topic"), { exact: true }).fill("집/거실");
      await form.getByLabel(bench.say("page-payload"), { exact: true }).fill("스물두 도");
      await form.getByRole("combobox", { name: "QoS" }).selectOption("2");
      await form.getByRole("button", { name: bench.say("page-publish-do"), exact: true }).click();
      await inTable(page, "PUBCOMP", 1);
      // Another client's message comes in as well.
      execFileSync("mosquitto_pub", ["-h", "127.0.0.1", "-p", String(broker.tcpPort), "-t", "집/부엌", "-m", "24.0", "-q", "1"]);
      await expect(bench.rows("PUBLISH").filter({ hasText: "집/부엌" })).toHaveCount(1);
      await expect(bench.rows("PUBLISH").filter({ hasText: "스물두 도" })).toHaveCount(2);
      expect(await gravest(page)).toEqual([]);

      // The other views show the same.
      await bench.rows("CONNECT").first().getByRole("button").click();
      await bench.show("packet");
      await expect(page.getByRole("heading", { level: 2, name: "CONNECT", exact: true })).toBeVisible();
      await expect(bench.fields).toContainText("anna");
      await bench.tab("page-tab-sequence").click();
      await expect(bench.sequence).toContainText("PUBREC");
      await bench.show("state");
      await bench.tab("page-tab-packets").click();

      const json = await exported(page, bench, "JSON");
      const capture = await exported(page, bench, "pcapng");
      const { packets, malformed } = mqttIn(capture.content);
      expect(packets).toBe(packetsIn(json.content));
      expect(packets).toBeGreaterThanOrEqual(9);
      expect(malformed).toBe(0);

      // The password is nowhere.
      expect(json.content.toString("latin1")).not.toContain(SECRET);
      expect(capture.content.toString("latin1")).not.toContain(SECRET);
      expect(Buffer.from(capture.content).toString("hex")).not.toContain(Buffer.from(SECRET).toString("hex"));
      expect(await traces(page)).not.toContain(SECRET);
      expect((await traces(page)).replaceAll(/[^0-9a-f]/g, "")).not.toContain(Buffer.from(SECRET).toString("hex"));
    } finally {
      await broker.stop();
    }
  });
}

test("a broker that stops is shown as the end of the connection, and one that is back can be reached again", async ({ page, complaints }) => {
  const broker = await startMosquitto();
  const bench = new Bench(page, "en");
  await connect(page, bench, broker.webSocketUrl);
  const button = bench.button("page-connect").first();
  if (await button.isEnabled()) await button.click();
  const state = page.getByRole("region", { name: bench.say("page-pane-live"), exact: true });
  await expect(state.getByText(bench.say("page-path-connected"))).toBeVisible();
  await broker.stop();
  await expect(state.getByText(bench.say("page-path-idle"))).toBeVisible();
  await expect(state.getByRole("button", { name: bench.say("page-connect"), exact: true })).toBeEnabled();
  // Nobody is there: the attempt fails, and the page says what to look at.
  await state.getByRole("button", { name: bench.say("page-connect"), exact: true }).click();
  await expect(page.getByRole("status").filter({ hasText: bench.say("page-live-broken") })).toBeVisible();
  await expect(state.getByText(bench.say("page-path-idle"))).toBeVisible();
  // Chromium logs every WebSocket that fails.
  expect(complaints.filter((complaint) => !complaint.includes("WebSocket connection"))).toEqual([]);
  complaints.length = 0;
  await state.getByRole("button", { name: bench.say("page-live-other"), exact: true }).click();
  await expect(page.getByRole("textbox", { name: bench.say("page-live-url"), exact: true })).toBeVisible();
});

test("a client that acknowledges by hand gets no more than its Receive Maximum; whoever looks back and acts is back at now", async ({ page }) => {
  const broker = await startMosquitto();
  const bench = new Bench(page, "ko");
  try {
    await open(page, "?live=1&lang=ko");
    await page.getByLabel(bench.say("page-live-url"), { exact: true }).fill(broker.webSocketUrl);
    await page.getByText(bench.say("page-live-settings"), { exact: true }).click();
    const maximum = page.getByRole("textbox", { name: "Receive Maximum", exact: true });
    await page.getByRole("checkbox", { name: bench.say("page-live-by-hand"), exact: true }).check();
    await maximum.fill("0");
    // Enter in another field does not connect, and leads to what is wrong.
    await page.getByLabel(bench.say("page-live-url"), { exact: true }).press("Enter");
    await expect(maximum).toBeFocused();
    await expect(maximum).toHaveAccessibleDescription(bench.say("page-live-maximum-wrong"));
    await maximum.fill("2");
    await bench.button("page-live-connect").click();
    const button = bench.button("page-connect").first();
    if (await button.isEnabled()) await button.click();
    await bench.tab("page-tab-packets").click();
    await inTable(page, "CONNACK", 1);
    await bench.show("controls");
    const filter = bench.subscribeForm.getByLabel(bench.say("page-filter"), { exact: true });
    await filter.fill("집/#");
    await filter.press("Enter");
    await inTable(page, "SUBACK", 1);
    // Not more than three: mosquitto 2 passes Receive Maximum by one when several wait and one is acknowledged.
    for (const value of ["1", "2", "3"]) {
      execFileSync("mosquitto_pub", ["-h", "127.0.0.1", "-p", String(broker.tcpPort), "-t", "집/거실", "-m", value, "-q", "1"]);
    }
    // Two are on their way, and the broker keeps the third.
    const waiting = (count: number) => bench.side.getByText(bench.say("page-acknowledge-waiting", { count }), { exact: true });
    await expect(waiting(2)).toBeVisible();
    await inTable(page, "PUBLISH", 2);
    const acknowledge = bench.button("page-acknowledge");
    await acknowledge.focus();
    await page.keyboard.press("Enter");
    await inTable(page, "PUBACK", 1);
    await inTable(page, "PUBLISH", 3);
    await expect(waiting(2)).toBeVisible();
    await bench.show("state");
    await expect(bench.side.getByText(bench.say("page-state-unacknowledged"), { exact: true })).toBeVisible();
    await bench.show("controls");

    await bench.back.click();
    await bench.back.click();
    await expect(bench.button("page-play")).toBeVisible();
    await bench.button("page-acknowledge").click();
    await expect(bench.button("page-pause")).toBeVisible();
    await inTable(page, "PUBACK", 2);
    await bench.button("page-acknowledge").click();
    await expect(waiting(0)).toBeVisible();
    await expect(bench.button("page-acknowledge")).toBeDisabled();
    await expect(bench.button("page-acknowledge")).toBeFocused();
    await inTable(page, "PUBACK", 3);
  } finally {
    await broker.stop();
  }
});

test("an address that cannot work is refused before anything is sent, with what to do", async ({ page }) => {
  const bench = new Bench(page, "en");
  const sockets: string[] = [];
  page.on("websocket", (socket) => sockets.push(socket.url()));
  await open(page, "?live=1&lang=en");
  const address = page.getByRole("textbox", { name: bench.say("page-live-url"), exact: true });
  for (const [url, answer] of [
    ["mqtt://broker.example", "page-live-url-mqtt"],
    ["ws://broker.example", "page-live-url-plain"],
    ["wss://me:secret@broker.example", "page-live-url-credentials"],
    ["", "page-live-url-wrong"],
  ] as const) {
    await address.fill(url);
    await expect(page.getByRole("status").filter({ hasText: bench.say(answer) })).toBeVisible();
    await expect(bench.button("page-live-connect")).toBeDisabled();
  }
  expect(sockets).toEqual([]);
});

test("a link to the live page connects to nothing by itself", async ({ page }) => {
  const sockets: string[] = [];
  page.on("websocket", (socket) => sockets.push(socket.url()));
  await open(page, "?live=1&lang=en&url=ws%3A%2F%2F127.0.0.1%3A9");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  expect(sockets).toEqual([]);
});
