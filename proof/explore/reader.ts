/** The process that closes a record as succeeded cannot read the cluster in one instant: it reads part by part, and anything can happen between two parts. */
import { isCompleteNow } from '../invariants/invariants.ts'
import { isProven } from '../../src/core/switchover/completion.ts'
import { isRepeated } from '../../src/core/switchover/rewrites.ts'
import { closeRecord, isOpen } from '../../src/core/model/record.ts'
import { pictureOf, pictureOfParts, type NodeZnodes, type Part, type Parts, type Reader, type World, type ZooKeeperModel } from './model.ts'
import { apply } from './operations.ts'

const parts: readonly Part[] = ['key', 'nodes']
const isWhole = (read: Parts): read is Required<Parts> => parts.every((part) => part in read)

/** The next part that can be read, or a beginning. */
export function addReader (world: World, add: (label: string, next: World) => void): void {
  const { reader, zk, budget } = world
  if (reader === null) {
    if (budget.readings === 0) return
    for (const { record: { epoch, to, outcome } } of zk.records) {
      if (to === null || outcome !== null) continue
      const begun: Reader = { epoch, to, first: {}, second: {}, moved: [], complete: false }
      add(`somebody begins to read whether switchover ${epoch} is over`, { ...world, budget: { ...budget, readings: budget.readings - 1 }, reader: begun })
    }
    return
  }
  const turn = isWhole(reader.first) ? 'second' : 'first'
  for (const part of parts) {
    if (part in reader[turn]) continue
    add(`the ${part} ${part === 'key' ? 'is' : 'are'} read${turn === 'second' ? ' again' : ''}`, afterReading(world, { ...reader, [turn]: { ...reader[turn], [part]: asRead(zk)[part] } }))
  }
}

/** Without what the completion rule does not read. */
const asRead = ({ key, nodes }: ZooKeeperModel): Required<Parts> => ({
  key,
  nodes: Object.fromEntries(Object.entries(nodes).map(([name, { state, daemonState }]): [string, NodeZnodes] => [name, { state, daemonState, stateVersion: 0, present: false, transition: null, pvc: false }])),
})

function afterReading (world: World, reader: Reader): World {
  const { epoch, to, first, second, moved } = reader
  if (!isWhole(first) || !isWhole(second)) return { ...world, reader }
  const done = { ...world, reader: null }
  const last = pictureOfParts(second, (part) => moved.includes(part) ? 'written since' : 'as it was')
  const now = last.key.version
  const proven = isProven(pictureOfParts(first, () => 'as it was'), last, now, to) && isRepeated({ epoch, to }, now, last.key.value, world.zk.records.map(({ record }) => record.epoch))
  const stored = world.zk.records.find(({ record }) => record.epoch === epoch)
  if (!proven || stored === undefined || !isOpen(stored.record)) return done
  const applied = apply(world.zk, '', { op: 'close_record', record: closeRecord(stored.record, '', { outcome: 'succeeded' }, stored.record), version: stored.version })
  return applied === null ? done : { ...done, zk: applied.zk }
}

/** What has happened between `before` and `world` to what is being read. */
export function noticed (world: World, before: World): World {
  const { reader } = world
  if (reader === null || before.zk === world.zk) return world
  const moved = parts.filter((part) => reader.moved.includes(part) || (part in reader.first && !(part in reader.second) && world.zk[part] !== before.zk[part]))
  return { ...world, reader: { ...reader, moved, complete: reader.complete || isCompleteNow(reader, pictureOf(world.zk)) } }
}
