// The broker's way from bytes to bytes in wasm under Node, beside npm's aedes: MQTT 3.1.1, messages of 32 bytes to `sensors/room1/temperature`.
// A publisher writes a window of packets at once and goes on when all that follows from it has come. See ../README.md.

import { existsSync } from 'node:fs'
import { aedes, labOverWire, ours } from './brokers.mjs'

const TOPIC = Buffer.from('sensors/room1/temperature')
const PAYLOAD = Buffer.alloc(32, 'x')

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

/** A client: cuts what comes into packets and answers as its part of each exchange asks for. */
class Client {
  counts = new Uint32Array(16)
  #rest = Buffer.alloc(0)

  constructor(broker, name, progress) {
    this.stream = broker.connect((chunk) => {
      this.#receive(chunk)
      progress()
    })
    this.stream.write(packet(0x10, [0, 4], 'MQTT', [4, 2, 0, 0, 0, name.length], name))
  }

  #receive(chunk) {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const answers = []
    let at = 0
    // All packets here are shorter than 128 bytes.
    while (at + 2 <= data.length && at + 2 + data[at + 1] <= data.length) {
      const first = data[at]
      const id = at + (first >> 4 === 3 ? 4 + TOPIC.length : 2)
      this.counts[first >> 4] += 1
      if (first === 0x32) answers.push(0x40, 2, data[id], data[id + 1])
      else if (first === 0x34) answers.push(0x50, 2, data[id], data[id + 1])
      else if (first === 0x50) answers.push(0x62, 2, data[id], data[id + 1])
      else if (first === 0x62) answers.push(0x70, 2, data[id], data[id + 1])
      at += 2 + data[at + 1]
    }
    this.#rest = at === data.length ? EMPTY : Buffer.from(data.subarray(at))
    if (answers.length > 0) this.stream.write(Buffer.from(answers))
  }
}

const EMPTY = Buffer.alloc(0)

/** One broker with its clients, kept for all rounds of a scenario. */
class Bench {
  static async start(make, scenario) {
    const bench = new Bench()
    bench.scenario = scenario
    bench.broker = await make()
    const progress = () => bench.#progress()
    const clients = (name, count) => Array.from({ length: count }, (_, index) => new Client(bench.broker, `${name}${index}`, progress))
    bench.subscribers = clients('sub', scenario.subscribers)
    bench.publishers = clients('pub', scenario.publishers)
    const all = [...bench.subscribers, ...bench.publishers]
    await bench.until(() => all.every((client) => client.counts[2] === 1))
    for (const client of bench.subscribers) client.stream.write(packet(0x82, [0, 1, 0, TOPIC.length], TOPIC, [scenario.qos]))
    await bench.until(() => bench.subscribers.every((client) => client.counts[9] === 1))
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

  #progress() {
    const { waiting } = this
    if (waiting?.condition()) {
      this.waiting = undefined
      waiting.resolve()
    }
  }

  /** Publishes all messages; nanoseconds for each delivery. */
  async run() {
    const { scenario, publishers, subscribers, chunk } = this
    const before = subscribers.map((client) => client.counts[3])
    const acknowledged = publishers.map((client) => client.counts[scenario.qos === 1 ? 4 : 7])
    // Looking at the last subscriber suffices most of the time.
    let sent = 0
    const complete = () => {
      const each = sent * scenario.publishers
      const last = subscribers.length - 1
      if (subscribers[last].counts[3] - before[last] < each) return false
      if (scenario.qos > 0 && !publishers.every((client, index) => client.counts[scenario.qos === 1 ? 4 : 7] - acknowledged[index] >= sent)) return false
      return subscribers.every((client, index) => client.counts[3] - before[index] >= each)
    }
    const start = process.hrtime.bigint()
    while (sent * scenario.publishers < scenario.messages) {
      sent += scenario.window
      for (const client of publishers) client.stream.write(chunk)
      const waiting = this.until(complete)
      if (waiting) await waiting
    }
    const elapsed = Number(process.hrtime.bigint() - start)
    const all = sent * scenario.publishers
    if (subscribers.some((client, index) => client.counts[3] - before[index] !== all)) throw new Error('too many deliveries')
    return elapsed / (all * scenario.subscribers)
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]

const [wasm, small] = ['wasm32-unknown-unknown/release', 'wasm32-unknown-unknown/small'].map(
  (folder) => `${process.env.CARGO_TARGET_DIR ?? new URL('../target', import.meta.url).pathname}/${folder}/mqtt_playground_benches.wasm`,
)
const laboverwire = process.env.LABOVERWIRE ?? new URL('./laboverwire/mqtt5_wasm.js', import.meta.url).pathname
const contestants = [
  ['ours, quiet', () => ours(wasm, false)],
  ['ours, with events', () => ours(wasm, true)],
  ...(existsSync(small) ? [['ours, quiet, opt-level s', () => ours(small, false)]] : []),
  ['aedes', aedes],
  ...(existsSync(laboverwire) ? [['LabOverWire mqtt5-wasm', () => labOverWire(laboverwire)]] : []),
]
const only = process.argv[2]
const rounds = Number(process.env.ROUNDS ?? 11)

for (const scenario of SCENARIOS) {
  if (only && !scenario.name.includes(only)) continue
  const benches = []
  for (const [, make] of contestants) benches.push(await Bench.start(make, scenario))
  const times = benches.map(() => [])
  // Two rounds warm up. Each round begins with another contestant.
  for (let round = -2; round < rounds; round += 1) {
    for (let turn = 0; turn < benches.length; turn += 1) {
      const index = (round + 2 + turn) % benches.length
      const time = await benches[index].run()
      if (round >= 0) times[index].push(time)
    }
  }
  console.log(`${scenario.name}: ${scenario.messages} messages a run, ${rounds} rounds`)
  contestants.forEach(([name], index) => {
    const time = median(times[index])
    const ratio = median(times[index].map((one, round) => one / times[0][round]))
    const spread = (Math.max(...times[index]) - Math.min(...times[index])) / time
    console.log(
      `  ${name.padEnd(26)}${time.toFixed(0).padStart(9)} ns/delivery${(1e6 / time).toFixed(0).padStart(8)}k/s${ratio.toFixed(1).padStart(8)}× ours  (spread ${(spread * 100).toFixed(0)} %)`,
    )
  })
  for (const bench of benches) await bench.broker.close()
}
process.exit(0)
