// The page starts under its own strict policy, from a plain web host. The fixture watches the console, the policy and the network.
import { expect, expectAccessible, open, test } from "../fixture.ts";

test("the page starts, without an error, a policy violation or a foreign request", async ({ page }) => {
  await open(page);
  await expect(page.locator("#failed")).toBeHidden();
});

test("the strict policy is in force: script as text does not run, styles as text do not apply", async ({ page, complaints }) => {
  await open(page);
  const breaches = await page.evaluate(async () => {
    const breaches: string[] = [];
    const attempt = (name: string, action: () => void) => {
      try {
        action();
      } catch {
        // Trusted Types throws; the content security policy only blocks. Either will do.
      }
      return name;
    };
    const marks = window as unknown as Record<string, boolean>;
    const names = [
      attempt("script", () => document.body.append(Object.assign(document.createElement("script"), { textContent: "window.script = true" }))),
      attempt("timer", () => setTimeout("window.timer = true", 0)),
      attempt("html", () => (document.createElement("div").innerHTML = "<img src=x onerror='window.html = true'>")),
    ];
    await new Promise((resolve) => setTimeout(resolve, 50));
    breaches.push(...names.filter((name) => marks[name]));
    document.body.setAttribute("style", "outline: 7px solid");
    if (getComputedStyle(document.body).outlineWidth === "7px") breaches.push("style");
    return breaches;
  });
  expect(breaches).toEqual([]);
  expect(complaints.length).toBeGreaterThan(0);
  complaints.length = 0;
});

test("the page has no serious accessibility issue, light and dark", async ({ page }) => {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await open(page);
    await expectAccessible(page);
  }
});

test("the page starts in a sandboxed iframe, which has no storage and an opaque origin", async ({ page, baseURL }) => {
  const embedded = new URL("/embeddable/?embed=1", baseURL).href;
  const host = new URL("/course.html", baseURL).href;
  const html = `<!DOCTYPE html><title>course</title><link rel="icon" href="data:,"><iframe sandbox="allow-scripts" src="${embedded}" width="320" height="480"></iframe>`;
  await page.route(host, (route) => route.fulfill({ contentType: "text/html", body: html }));
  await page.goto(host);
  await expect(page.frameLocator("iframe").locator("html")).toHaveAttribute("data-started", "true");
});

test("a page that cannot start says so in Korean and English", async ({ page, complaints }) => {
  await page.route("**/*.wasm", (route) => route.abort());
  await page.goto("./");
  await expect(page.locator("#failed")).toBeVisible();
  await expect(page.locator("#failed")).toContainText("새로 고침");
  await expect(page.locator("#failed")).toContainText("Reload");
  complaints.length = 0;
});
