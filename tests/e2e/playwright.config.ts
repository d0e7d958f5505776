// End-to-end tests of the built page (`dist/`, made by `trunk build --release`) in the system's Chromium.
// `cargo xtask test --only page e2e` builds and runs them. CHROMIUM=/path/to/browser chooses another browser.
import { defineConfig } from "@playwright/test";
import { existsSync } from "node:fs";
import { startServer } from "./server.ts";

const dist = new URL("../../dist/", import.meta.url);
if (!existsSync(new URL("index.html", dist))) {
  throw new Error("dist/index.html is missing: run `cargo xtask test --only page e2e`");
}

// Playwright reads this file once in its main process, which starts the server, and again in each worker, which inherits the address.
process.env.PLAYGROUND_URL ??= await startServer(dist);

export default defineConfig({
  testDir: "specs",
  outputDir: "test-results",
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  use: {
    baseURL: process.env.PLAYGROUND_URL,
    locale: "ko-KR",
    trace: "off",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
