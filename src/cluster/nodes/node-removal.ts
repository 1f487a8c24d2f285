/**
 * What a node has in ZooKeeper, read so that it can be judged and deleted at the very versions that were read: `/nodes/<n>` with everything below it,
 * its log, and the faults that this project keeps of it.
 *
 * Guarantees: it is deleted in one transaction, so no other program ever finds half a node, and an interrupted removal has removed all of it or nothing. The
 * transaction is refused if anything that was read of the node, or the primary key, has been written since, or if the node has one more znode, such as a presence.
 */
import { sureWrite, type WriteOutcome } from '../certain-write.ts'
import { FAULTS, faultPath, logPath, LOGS, nodePath, PRIMARY_NODE } from '../layout.ts'
import { readNames, readNewestRecords, readZnode, toZnode } from '../reading.ts'
import { readDomainsOn, readOsdsOn } from './node-domains.ts'
import { conditionKinds } from '../../core/conditions/kinds.ts'
import type { RemovalReading } from '../../core/fencing/removal.ts'
import { memberOf, memberZnodes } from '../../core/model/member.ts'
import { parseResources } from '../../core/model/resource-states.ts'
import type { Znode } from '../../core/model/znode.ts'
import { faultId, faultKinds } from '../../core/pvc/fault.ts'
import { inLanes } from '../../runtime/lanes.ts'
import { deletionBytes, MAX_DATA_BYTES } from '../../zookeeper/client/arguments.ts'
import type { Stat } from '../../zookeeper/client/connection.ts'
import { isNoNode } from '../../zookeeper/client/errors.ts'
import { childPath, parentPath } from '../../zookeeper/client/paths.ts'
import { ANY_VERSION, type ExpectedZnode, type Session } from '../../zookeeper/session/session.ts'

/** Znodes that are read at once, and that a removal reads at most. A node has some hundreds. */
const AT_ONCE = 64
const MOST = 4_000

export interface NodeRemoval {
  readonly reading: RemovalReading
  /** What is deleted, each with everything below it. */
  readonly paths: readonly string[]
  /** Names of domains that do not run, and name the node. */
  readonly atRest: readonly string[]
  readonly deleted: readonly ExpectedZnode[]
  readonly unchanged: readonly ExpectedZnode[]
  /** The transaction that made the node. */
  readonly made: string
}

/** A znode and everything below it, parents first; at most `MOST` and some. Of none that is not there. */
async function readTree (session: Session, root: string): Promise<ReadonlyMap<string, Stat>> {
  const found = new Map<string, Stat>()
  for (let level = [root]; level.length > 0 && found.size <= MOST;) {
    const below = await inLanes(level.slice(0, MOST), AT_ONCE, async (path) => {
      try {
        const { names, stat } = await session.children(path)
        found.set(path, stat)
        return names.map((name) => childPath(path, name))
      } catch (error) {
        if (isNoNode(error)) return []
        throw error
      }
    })
    level = below.flat()
  }
  return found
}

/** Deepest first: a znode can only be deleted once it has no children. */
const deletions = (tree: ReadonlyMap<string, Stat>, version: (stat: Stat) => ExpectedZnode['version']): readonly ExpectedZnode[] =>
  [...tree].reverse().map(([path, stat]) => ({ path, version: version(stat) }))

const judged = [...memberZnodes, 'keepalive', 'resources'] as const

/**
 * @param silence milliseconds for which the keepalive of that time of writing has been seen to stay; null if that is not known
 * @returns null if the node changed while it was read; undefined if there is no such node
 */
export async function readRemoval (session: Session, name: string, silence: (writtenAt: string) => number | null): Promise<NodeRemoval | null | undefined> {
  await session.sync('/')
  const root = nodePath(name)
  const node = await readTree(session, root)
  const made = node.get(root)?.czxid
  if (made === undefined) return undefined
  // After the versions, so that what is judged is not older than what is deleted.
  const texts = new Map<string, Znode | undefined>(await Promise.all(judged.map(async (child) => [child, await readZnode(session, nodePath(name, child))] as const)))
  for (const [child, znode] of texts) if (znode?.mzxid !== node.get(`${root}/${child}`)?.mzxid) return null
  const [key, records, domains, osds, log, faults] = await Promise.all([
    readZnode(session, PRIMARY_NODE), readNewestRecords(session), readDomainsOn(session, name), readOsdsOn(session, name), readTree(session, parentPath(logPath(name))), readFaults(session, name, texts.get('resources')?.data),
  ])
  const keepalive = texts.get('keepalive')
  const deleted = [
    ...faults.flatMap((fault) => deletions(fault, () => ANY_VERSION)),
    ...deletions(log, ({ version }) => version),
    ...deletions(node, ({ version }) => version),
  ]
  return {
    reading: {
      member: memberOf(name, (child) => texts.get(child), false),
      daemonState: texts.get('daemonstate'),
      keepalive,
      silence: keepalive === undefined ? null : silence(keepalive.modified),
      primaryNode: key?.data ?? null,
      records,
      domains: domains.filter(({ runs }) => runs).map((domain) => domain.name),
      osds,
      hasEphemeral: [...node.values()].some((stat) => toZnode('', stat).owner !== ''),
      isTooLarge: deleted.length > MOST || deletionBytes(deleted.map(({ path }) => path)) > MAX_DATA_BYTES - 1_000,
    },
    paths: [root, ...log.size > 0 ? [`${LOGS}/${name}`] : [], ...faults.flatMap((fault) => [...fault.keys()].slice(0, 1))],
    atRest: domains.filter(({ runs }) => !runs).map((domain) => domain.name),
    deleted,
    unchanged: key === undefined ? [] : [{ path: PRIMARY_NODE, version: key.version }],
    made,
  }
}

/** The faults of a node that this project keeps; PVC's own have other ids. */
async function readFaults (session: Session, node: string, resources: string | undefined): Promise<ReadonlyArray<ReadonlyMap<string, Stat>>> {
  const subjects = ['', ...(parseResources(resources) ?? []).map((resource) => resource.name)]
  const own = new Set([...Object.keys(faultKinds), ...Object.keys(conditionKinds)].flatMap((kind) => subjects.map((subject) => faultId({ kind, node, subject }))))
  const ids = (await readNames(session, FAULTS)).filter((id) => own.has(id))
  return await Promise.all(ids.map(async (id) => await readTree(session, faultPath(id))))
}

/** `refused`: something has changed since it was read. */
export async function removeNode (session: Session, { deleted, unchanged, made, paths }: NodeRemoval, signal: AbortSignal): Promise<WriteOutcome> {
  const [root = ''] = paths
  return await sureWrite(session, async () => await session.deleteAll(deleted, unchanged), async () => {
    const found = await session.exists(root)
    // One that was made again since is another node.
    return found?.czxid === made ? 'absent' : 'applied'
  }, signal)
}
