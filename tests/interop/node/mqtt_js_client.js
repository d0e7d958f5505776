// A client made with MQTT.js.

import { createInterface } from "node:readline";
import mqtt from "mqtt";

const say = (word, fields = {}) => console.log(word, JSON.stringify(fields));

let client;

const acts = {
  connect({ port, transport, version, client_id, clean, expiry, will }) {
    client = mqtt.connect({
      protocol: transport === "websockets" ? "ws" : "mqtt",
      hostname: "127.0.0.1",
      port,
      path: "/mqtt",
      protocolVersion: version,
      clientId: client_id,
      clean,
      keepalive: 60,
      reconnectPeriod: 0,
      // Resubscribing is the test's business.
      resubscribe: false,
      ...(version === 5 && { properties: { sessionExpiryInterval: expiry } }),
      ...(will && { will: { ...will, payload: Buffer.from(will.payload) } }),
    });
    client.on("connect", ({ sessionPresent }) => say("connected", { session_present: sessionPresent }));
    client.on("error", (error) => console.error(error));
    client.on("message", (topic, payload, { qos, retain, properties }) => {
      const correlation = properties?.correlationData?.toString("hex") ?? null;
      say("message", { topic, payload: payload.toString(), qos, retain, response_topic: properties?.responseTopic ?? null, correlation });
    });
  },
  subscribe({ filter, qos }) {
    client.subscribe(filter, { qos }, (error, granted) => {
      if (error) console.error(error);
      say("subscribed", { code: granted?.[0]?.qos ?? error?.code ?? null });
    });
  },
  publish({ topic, payload, qos, retain, response_topic, correlation }) {
    const properties = {
      ...(response_topic && { responseTopic: response_topic }),
      ...(correlation && { correlationData: Buffer.from(correlation, "hex") }),
    };
    const options = { qos, retain, ...(Object.keys(properties).length > 0 && { properties }) };
    client.publish(topic, payload, options, (error) => (error ? console.error(error) : say("published")));
  },
  disconnect() {
    client.end(false, () => say("disconnected"));
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: act, ...fields } = JSON.parse(line);
  acts[act](fields);
}
process.exit(0);
