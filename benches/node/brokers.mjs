// Brokers with one face: `connect(onData)` gives `{ write(chunk) }`, the two ends of a byte stream. `onData(bytes, start, end)` looks at its bytes at once.

import { Duplex } from 'node:stream'
import { instantiate } from './module.mjs'

/** Ours, in wasm. Bytes are copied in and gathered for each connection on the way out, then handed on as views. */
export function ours(path, events) {
  const exports = instantiate(path)
  const host = exports.host_new(events ? 1 : 0)
  const receivers = []
  const queue = []
  let running = false
  // Views of the memory, made anew when it has grown.
  let bytes = new Uint8Array(exports.memory.buffer)
  let words = new Uint32Array(exports.memory.buffer)
  const refresh = () => {
    // Memory that has grown has taken its bytes from the old views.
    if (bytes.length > 0) return
    bytes = new Uint8Array(exports.memory.buffer)
    words = new Uint32Array(exports.memory.buffer)
  }
  const input = exports.host_input(host)
  const table = exports.host_table(host) >> 2
  const run = () => {
    if (running) return
    running = true
    for (let next = 0; next < queue.length; next += 2) {
      const chunk = queue[next + 1]
      refresh()
      bytes.set(chunk, input)
      const rows = exports.host_receive(host, queue[next], chunk.length)
      if (rows === 0) continue
      refresh()
      let row = table
      for (const end = row + rows * 3; row < end; row += 3) {
        receivers[words[row]](bytes, words[row + 1], words[row + 1] + words[row + 2])
      }
    }
    queue.length = 0
    running = false
  }
  return {
    connect(onData) {
      const number = exports.host_open(host)
      receivers[number] = onData
      return {
        write(chunk) {
          queue.push(number, chunk)
          run()
        },
      }
    },
    close() {
      exports.host_free(host)
    },
  }
}

/** npm `aedes`, whose streams hand each chunk on as soon as it is written. */
export async function aedes() {
  const { Aedes } = await import('aedes')
  const broker = await Aedes.createBroker({ heartbeatInterval: 3_600_000 })
  return {
    connect(onData) {
      const stream = new Duplex({
        read() {},
        write(chunk, _encoding, done) {
          onData(chunk, 0, chunk.length)
          done()
        },
        writev(chunks, done) {
          for (const { chunk } of chunks) onData(chunk, 0, chunk.length)
          done()
        },
      })
      broker.handle(stream)
      return { write: (chunk) => stream.push(chunk) }
    },
    close: () => new Promise((resolve) => broker.close(resolve)),
  }
}
