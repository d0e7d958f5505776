// A real broker for specs: Debian's mosquitto with a plain and a WebSocket listener on free ports of 127.0.0.1.
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "./fixture.ts";

export interface Mosquitto {
  /** `ws://127.0.0.1:…` */
  webSocketUrl: string;
  /** Port of the plain TCP listener, for mosquitto_pub and mosquitto_sub. */
  tcpPort: number;
  stop(): Promise<void>;
}

const PROGRAM = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto"].find((path) => {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
});

/** Starts a broker; without mosquitto the calling test is skipped by name, and with CI=true it fails. */
export async function startMosquitto(): Promise<Mosquitto> {
  if (!PROGRAM && process.env.CI === "true") throw new Error("mosquitto is missing: sudo apt-get install mosquitto");
  test.skip(!PROGRAM, "needs mosquitto: sudo apt-get install mosquitto");
  const folder = await mkdtemp(join(tmpdir(), "mosquitto-"));
  const [tcpPort, webSocketPort] = await freePorts(2);
  const config = ["allow_anonymous true", "persistence false", listener(tcpPort, "mqtt"), listener(webSocketPort, "websockets")].join("\n");
  await writeFile(join(folder, "mosquitto.conf"), config);
  const broker = spawn(PROGRAM as string, ["-c", join(folder, "mosquitto.conf")], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  broker.stderr?.on("data", (data) => (log += data));
  for (const port of [tcpPort, webSocketPort]) await untilOpen(port, broker, () => log);
  const stop = async () => {
    const ended = new Promise((resolve) => broker.once("exit", resolve));
    if (broker.exitCode === null && broker.kill()) await ended;
    await rm(folder, { recursive: true, force: true });
  };
  return { webSocketUrl: `ws://127.0.0.1:${webSocketPort}`, tcpPort, stop };
}

function listener(port: number, protocol: "mqtt" | "websockets"): string {
  return `listener ${port} 127.0.0.1\nprotocol ${protocol}`;
}

/** Ports that the system gives out now, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) =>
          server.listen(0, "127.0.0.1", () => {
            const address = server.address();
            resolve(typeof address === "object" && address ? address.port : 0);
          }),
        ),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Resolves once something listens on the port; rejects if the broker ends before that. */
async function untilOpen(port: number, broker: ChildProcess, log: () => string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline) {
    if (broker.exitCode !== null) throw new Error(`mosquitto ended with ${broker.exitCode}: ${log()}`);
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => (socket.destroy(), resolve(true)));
      socket.once("error", () => resolve(false));
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`mosquitto does not listen on port ${port}: ${log()}`);
}
