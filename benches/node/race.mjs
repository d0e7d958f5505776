// Contestants that take turns in one process; the first one is ours.

/** Nanoseconds. With CPU_TIME=1 those that this process has computed, for a machine that does other things too. */
export const clock = () => {
  if (!process.env.CPU_TIME) return Number(process.hrtime.bigint())
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]

/** Runs `[name, run]` in turns, `run()` giving nanoseconds per unit; prints medians and the medians of the ratios to the first. */
export async function race(title, unit, rounds, contestants) {
  const times = contestants.map(() => [])
  // Two rounds warm up. Each round begins with another contestant.
  for (let round = -2; round < rounds; round += 1) {
    for (let turn = 0; turn < contestants.length; turn += 1) {
      const index = (round + 2 + turn) % contestants.length
      const time = await contestants[index][1]()
      if (round >= 0) times[index].push(time)
    }
  }
  console.log(`${title}, ${rounds} rounds`)
  contestants.forEach(([name], index) => {
    const time = median(times[index])
    const ratio = median(times[index].map((one, round) => one / times[0][round]))
    const spread = (Math.max(...times[index]) - Math.min(...times[index])) / time
    console.log(
      `  ${name.padEnd(26)}${time.toFixed(1).padStart(10)} ns/${unit}${((1e6 / time).toFixed(0) + 'k/s').padStart(10)}${ratio.toFixed(2).padStart(8)}× ours  (spread ${(spread * 100).toFixed(0)} %)`,
    )
  })
}
