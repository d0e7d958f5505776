// A static file server without any header of its own but the type: what a plain web host does, so that the page's own policy is what is tested.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

/**
 * Serves `folder` on a free port of 127.0.0.1 until the process ends, in a subfolder, as most hosts do: `/playground/` plainly, and
 * `/embeddable/` with the CORS header that a page in a sandboxed <iframe> (an opaque origin) needs for its modules.
 */
export async function startServer(folder: URL): Promise<string> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    const [, top, ...rest] = pathname.split("/").map(decodeURIComponent);
    const relative = rest.join("/") || "index.html";
    const isInside = (top === "playground" || top === "embeddable") && !relative.split("/").includes("..");
    try {
      if (!isInside) throw new Error("outside");
      const body = await readFile(fileURLToPath(new URL(relative, folder)));
      response.setHeader("Content-Type", TYPES[extname(relative)] ?? "application/octet-stream");
      if (top === "embeddable") response.setHeader("Access-Control-Allow-Origin", "*");
      response.end(body);
    } catch {
      response.writeHead(404, { "Content-Type": "text/plain" });
      response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/playground/`;
}
