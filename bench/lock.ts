/** The contended lock: how long it takes from one of five contenders to the next, ours beside kazoo's on the same server. */
import { join } from 'node:path'
import { packageFolder } from '../tools/testbed/daemon-process.ts'
import { startReference, type ReferenceProcess } from './support/processes.ts'
import { atMost, median, medianRatio, type Benchmark } from './support/report.ts'
import { World } from './support/world.ts'

const CONTENDERS = 5
/** How often each of them takes the lock in a round. */
const TIMES = 100
const python = (): readonly string[] => ['/usr/bin/python3', join(packageFolder(), 'bench', 'references', 'kazoo-lock.py')]

/** Milliseconds from one holder to the next. */
async function handOver (contenders: readonly ReferenceProcess[], times: number): Promise<number> {
  const begun = performance.now()
  const answers = await Promise.all(contenders.map(async (contender) => await contender.ask(String(times))))
  const wrong = answers.find((answer) => answer !== `${times} times, 0 not alone`)
  if (wrong !== undefined) throw new Error(`a contender says: ${wrong}`)
  return (performance.now() - begun) / (times * contenders.length)
}

export const lock: Benchmark = {
  name: 'lock',
  title: `hand-over of a lock with ${CONTENDERS} contenders, each a process, beside kazoo on the same server`,
  async run ({ rounds: given }) {
    await using world = await World.start(0)
    const start = async (path: string, program?: readonly string[]) =>
      await Promise.all(Array.from({ length: CONTENDERS }, async () => await startReference('lock-contender', [world.server.connectString, path], program)))
    const [ours, theirs] = [await start('/ours'), await start('/theirs', python())]
    const times: Record<'ours' | 'theirs', number[]> = { ours: [], theirs: [] }
    await handOver(ours, TIMES)
    await handOver(theirs, TIMES)
    for (let round = 0; round < (given ?? 7); round++) {
      const [first, second] = round % 2 === 0 ? ['ours', 'theirs'] as const : ['theirs', 'ours'] as const
      for (const who of [first, second]) times[who].push(await handOver(who === 'ours' ? ours : theirs, TIMES))
    }
    for (const contender of [...ours, ...theirs]) contender[Symbol.dispose]()
    return {
      rows: [{ what: 'hand-over', cells: { ours: `${median(times.ours).toFixed(2)} ms`, kazoo: `${median(times.theirs).toFixed(2)} ms` }, measured: medianRatio(times.ours, times.theirs), target: atMost(1.1) }],
      notes: ['every holder looks whether it is alone: it makes a znode, which must not be there, and deletes it'],
    }
  },
}
