// The broker's way from bytes to bytes in wasm under Node, beside npm's aedes: MQTT 3.1.1, messages of 32 bytes to `sensors/room1/temperature`.
// A publisher writes a window of packets at once and goes on when all that follows from it has come. See ../README.md.

import { existsSync } from 'node:fs'
import { aedes, ours } from './brokers.mjs'
import { clock, race } from './race.mjs'

const TOPIC = Buffer.from('sensors/room1/temperature')
const PAYLOAD = Buffer.alloc(32, 'x')

const EMPTY = Buffer.alloc(0)

const SCENARIOS = [
  { name: '1→1 QoS 0', publishers: 1, subscribers: 1, qos: 0, window: 100, messages: 20_000 },
  { name: '1→1000 QoS 0', publishers: 1, subscribers: 1000, qos: 0, window: 10, messages: 50 },
  { name: '100→1 QoS 1', publishers: 100, subscribers: 1, qos: 1, window: 1, messages: 10_000 },
  { name: '1→1 QoS 2', publishers: 1, subscribers: 1, qos: 2, window: 10, messages: 5_000 },
]

const packet = (first, ...parts) => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)))
  return Buffer.concat([Buffer.from([first, body.length]), body])
}

const ANSWERS = Buffer.alloc(1 << 16)

const answer = (at, first, high, low) => {
  ANSWERS[at] = first
  ANSWERS[at + 1] = 2
  ANSWERS[at + 2] = high
  ANSWERS[at + 3] = low
  return at + 4
}

/** A client: cuts what comes into packets and answers as its part of each exchange asks for. */
class Client {
  counts = new Uint32Array(16)
  #rest = EMPTY

  constructor(broker, name, progress) {
    this.progress = progress
    this.stream = broker.connect((bytes, start, end) => this.#receive(bytes, start, end))
    this.stream.write(packet(0x10, [0, 4], 'MQTT', [4, 2, 0, 0, 0, name.length], name))
  }

  #receive(data, at, end) {
    if (this.#rest.length > 0) {
      data = Buffer.concat([this.#rest, data.subarray(at, end)])
      at = 0
      end = data.length
    }
    let answers = 0
    // All packets here are shorter than 128 bytes.
    while (at + 2 <= end && at + 2 + data[at + 1] <= end) {
      const first = data[at]
      const id = at + (first >> 4 === 3 ? 4 + TOPIC.length : 2)
      this.counts[first >> 4] += 1
      this.progress(first >> 4)
      if (first === 0x32) answers = answer(answers, 0x40, data[id], data[id + 1])
      else if (first === 0x34) answers = answer(answers, 0x50, data[id], data[id + 1])
      else if (first === 0x50) answers = answer(answers, 0x62, data[id], data[id + 1])
      else if (first === 0x62) answers = answer(answers, 0x70, data[id], data[id + 1])
      at += 2 + data[at + 1]
    }
    this.#rest = at === end ? EMPTY : Buffer.from(data.subarray(at, end))
    if (answers > 0) {
      const chunk = Buffer.allocUnsafe(answers)
      for (let index = 0; index < answers; index += 1) chunk[index] = ANSWERS[index]
      this.stream.write(chunk)
    }
  }
}

/** One broker with its clients, kept for all rounds of a scenario. */
class Bench {
  static async start(make, scenario) {
    const bench = new Bench()
    bench.scenario = scenario
    bench.broker = await make()
    // How many packets of each type all clients of one side have got.
    bench.got = { sub: new Float64Array(16), pub: new Float64Array(16) }
    const clients = (name, count) => {
      const got = bench.got[name]
      const progress = (type) => {
        got[type] += 1
        if (bench.waiting?.condition()) bench.#resume()
      }
      return Array.from({ length: count }, (_, index) => new Client(bench.broker, `${name}${index}`, progress))
    }
    const { got } = bench
    bench.subscribers = clients('sub', scenario.subscribers)
    bench.publishers = clients('pub', scenario.publishers)
    await bench.until(() => got.sub[2] === scenario.subscribers && got.pub[2] === scenario.publishers)
    for (const client of bench.subscribers) client.stream.write(packet(0x82, [0, 1, 0, TOPIC.length], TOPIC, [scenario.qos]))
    await bench.until(() => got.sub[9] === scenario.subscribers)
    const ids = Array.from({ length: scenario.window }, (_, index) => (scenario.qos === 0 ? [] : [0, index + 1]))
    bench.chunk = Buffer.concat(ids.map((id) => packet(0x30 | (scenario.qos << 1), [0, TOPIC.length], TOPIC, id, PAYLOAD)))
    return bench
  }

  /** Waits until a broker has done something. */
  until(condition) {
    if (condition()) return undefined
    return new Promise((resolve) => {
      this.waiting = { condition, resolve }
    })
  }

  #resume() {
    const { resolve } = this.waiting
    this.waiting = undefined
    resolve()
  }

  /** Publishes all messages; nanoseconds for each delivery. */
  async run() {
    const { scenario, publishers, subscribers, chunk, got } = this
    const before = subscribers.map((client) => client.counts[3])
    const delivered = got.sub[3]
    const acknowledged = scenario.qos === 1 ? 4 : 7
    const acknowledgedBefore = got.pub[acknowledged]
    let sent = 0
    const complete = () =>
      got.sub[3] - delivered >= sent * scenario.publishers * scenario.subscribers &&
      (scenario.qos === 0 || got.pub[acknowledged] - acknowledgedBefore >= sent * scenario.publishers)
    const start = clock()
    while (sent * scenario.publishers < scenario.messages) {
      sent += scenario.window
      for (const client of publishers) client.stream.write(chunk)
      const waiting = this.until(complete)
      if (waiting) await waiting
    }
    const elapsed = clock() - start
    const all = sent * scenario.publishers
    if (subscribers.some((client, index) => client.counts[3] - before[index] !== all)) throw new Error('too many deliveries')
    return elapsed / (all * scenario.subscribers)
  }
}

const [wasm, small] = ['wasm32-unknown-unknown/release', 'wasm32-unknown-unknown/small'].map(
  (folder) => `${process.env.CARGO_TARGET_DIR ?? new URL('../target', import.meta.url).pathname}/${folder}/mqtt_playground_benches.wasm`,
)
const contestants = [
  ['ours, quiet', () => ours(wasm, false)],
  ['ours, with events', () => ours(wasm, true)],
  ...(existsSync(small) ? [['ours, quiet, opt-level s', () => ours(small, false)]] : []),
  ['aedes', aedes],
]
const only = process.argv[2]
const rounds = Number(process.env.ROUNDS ?? 11)

for (const scenario of SCENARIOS) {
  if (only && !scenario.name.includes(only)) continue
  const benches = []
  for (const [, make] of contestants) benches.push(await Bench.start(make, scenario))
  const title = `${scenario.name}: ${scenario.messages} messages a run`
  await race(title, 'delivery', rounds, contestants.map(([name], index) => [name, () => benches[index].run()]))
  for (const bench of benches) await bench.broker.close()
}
process.exit(0)
