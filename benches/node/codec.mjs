// Packets ⇄ bytes in wasm under Node: ours, the Rust codecs that build for wasm32, and npm's mqtt-packet, on the streams of ../src/mix.rs.
// Decoding drops each packet before it reads the next. Encoding starts from the packets that the same codec decoded.
// Each writes them in its own way: how long the outputs are is not compared. See ../README.md.

import { existsSync } from 'node:fs'
import mqttPacket from 'mqtt-packet'
import { instantiate } from './module.mjs'
import { clock, race } from './race.mjs'

const PACKETS = 50_000
const KINDS = ['mixed', 'PUBLISH QoS 0', 'PUBLISH QoS 1, 6 properties']
const OPTIONS = { protocolVersion: 5 }

const load = (profile) => {
  const folder = process.env.CARGO_TARGET_DIR ?? new URL('../target', import.meta.url).pathname
  const path = `${folder}/wasm32-unknown-unknown/${profile}/mqtt_playground_benches.wasm`
  return existsSync(path) ? instantiate(path) : undefined
}

/** A Rust codec of a module. */
const rust = (exports, codec, stream, encode) => () => {
  exports.codec_prepare(codec, stream, encode ? 1 : 0)
  const start = clock()
  const count = exports.codec_run()
  const elapsed = clock() - start
  if (count !== PACKETS) throw new Error(`${count} packets`)
  return elapsed / PACKETS
}

/** All packets of the bytes, which come in pieces as from a socket. */
const parse = (bytes, onPacket) => {
  const parser = mqttPacket.parser(OPTIONS)
  parser.on('packet', onPacket)
  parser.on('error', (error) => {
    throw error
  })
  for (let at = 0; at < bytes.length; at += 65_536) parser.parse(bytes.subarray(at, at + 65_536))
}

const javascriptDecode = (bytes) => () => {
  let count = 0
  const start = clock()
  parse(bytes, () => {
    count += 1
  })
  const elapsed = clock() - start
  if (count !== PACKETS) throw new Error(`${count} packets`)
  return elapsed / PACKETS
}

const javascriptEncode = (bytes) => {
  const packets = []
  parse(bytes, (packet) => packets.push(packet))
  let written = 0
  return () => {
    const start = clock()
    for (const packet of packets) written += mqttPacket.generate(packet, OPTIONS).length
    const elapsed = clock() - start
    if (written === 0) throw new Error('nothing was written')
    return elapsed / PACKETS
  }
}

const release = load('release')
const small = load('small')
const only = process.argv[2] ?? ''
const rounds = Number(process.env.ROUNDS ?? 31)
const streams = KINDS.map((_, kind) => {
  const stream = release.codec_stream(kind, PACKETS)
  small?.codec_stream(kind, PACKETS)
  const address = release.codec_stream_address(stream)
  return Buffer.from(release.memory.buffer.slice(address, address + release.codec_stream_length(stream)))
})

for (const encode of [false, true]) {
  for (const [kind, name] of KINDS.entries()) {
    const title = `${encode ? 'encode' : 'decode'} ${name}`
    if (!title.includes(only)) continue
    await race(`${title}: ${PACKETS} packets a run`, 'packet', rounds, [
      ['ours', rust(release, 0, kind, encode)],
      ...(small ? [['ours, opt-level s', rust(small, 0, kind, encode)]] : []),
      ['mqtt5-protocol 0.16', rust(release, 1, kind, encode)],
      ['mqttbytes 0.6', rust(release, 2, kind, encode)],
      ['npm mqtt-packet 9', encode ? javascriptEncode(streams[kind]) : javascriptDecode(streams[kind])],
    ])
  }
}
