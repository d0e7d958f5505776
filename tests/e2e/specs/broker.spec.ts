// The page's policy lets it reach a real broker on this machine by WebSocket, and nothing lets the embedded page do so.
import { expect, open, test } from "../fixture.ts";
import { startMosquitto } from "../mosquitto.ts";

/** What becomes of a WebSocket that the page opens itself. */
const dial = (url: string) =>
  new Promise<string>((resolve) => {
    try {
      const socket = new WebSocket(url, "mqtt");
      socket.onopen = () => (socket.close(), resolve(`open, protocol ${socket.protocol}`));
      socket.onerror = () => resolve("refused");
    } catch {
      resolve("refused");
    }
  });

test("a broker on this machine can be reached by ws:// from the page, not from the embedded page", async ({ page, complaints }) => {
  const broker = await startMosquitto();
  try {
    await open(page);
    expect(await page.evaluate(dial, broker.webSocketUrl)).toBe("open, protocol mqtt");
    expect(complaints).toEqual([]);
    await open(page, "?embed=1");
    expect(await page.evaluate(dial, broker.webSocketUrl)).toBe("refused");
    complaints.length = 0;
  } finally {
    await broker.stop();
  }
});
