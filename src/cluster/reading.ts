/**
 * The cluster's znodes read directly, in core's words: for decisions that may not rest on a cached view. Reads of one session never go back
 * in time, so what the holder of the primary lock reads here is at least as new as the moment it got the lock.
 */
import { epochOf, epochOfName, keyOf, parseLedger, type KeyView, type Ledger } from '../core/model/epoch.ts'
import { parseFence } from '../core/model/fence-record.ts'
import type { LockHolder } from '../core/model/lock-holder.ts'
import { lockHolder } from './first-in-line.ts'
import { lockContenders } from '../zookeeper/locks/lock-order.ts'
import { hasFailed, memberOf, memberZnodes, type Member, type MemberZnode } from '../core/model/member.ts'
import { parseRecord, type SwitchoverRecord } from '../core/model/record.ts'
import { newerSchema, schemaOf } from '../core/pvc/schema.ts'
import type { RoleSnapshot } from '../core/switchover/completion.ts'
import type { FailureReading, StoredRecord, KeySnapshot } from '../core/switchover/key-snapshot.ts'
import type { Znode } from '../core/model/znode.ts'
import type { Stat } from '../zookeeper/client/connection.ts'
import { hasCode, isNoNode } from '../zookeeper/client/errors.ts'
import { isNodeName, nodePath, NODES, PRIMARY_NODE, SCHEMA_VERSION, SWITCHOVERS, switchoverPath } from './layout.ts'
import { beganLastRelease } from './nodes/last-release.ts'
import { inLanes } from '../runtime/lanes.ts'
import { childPath } from '../zookeeper/client/paths.ts'
import type { Session } from '../zookeeper/session/session.ts'

export const toZnode = (data: string, stat: Stat): Znode => ({
  data,
  version: stat.version,
  czxid: stat.czxid,
  mzxid: stat.mzxid,
  modified: new Date(stat.mtime).toISOString(),
  owner: stat.ephemeralOwner === '0' ? '' : stat.ephemeralOwner,
})

/** The znode at `path`, or undefined where there is none. */
export async function readZnode (session: Session, path: string): Promise<Znode | undefined> {
  try {
    const { data, stat } = await session.get(path)
    return toZnode(data, stat)
  } catch (error) {
    if (isNoNode(error)) return undefined
    throw error
  }
}

/** The version of PVC's layout that the cluster uses, if this project does not know it, else null. */
export async function readNewerSchema (session: Session): Promise<number | null> {
  return newerSchema([schemaOf((await readZnode(session, SCHEMA_VERSION))?.data)])
}

export async function readNames (session: Session, path: string): Promise<readonly string[]> {
  try {
    return (await session.children(path)).names
  } catch (error) {
    if (isNoNode(error)) return []
    throw error
  }
}

/** The holder of the lock at `path`; null: none. */
export async function readLockHolder (session: Session, path: string): Promise<LockHolder | null> {
  const first = lockContenders(await readNames(session, path))[0]?.name
  const znode = first === undefined ? undefined : await readZnode(session, childPath(path, first))
  return first === undefined ? null : lockHolder([first], () => znode)
}

async function readMember (session: Session, name: string, alive: boolean): Promise<Member> {
  const read = async (child: MemberZnode) => [child, await readZnode(session, nodePath(name, child))] as const
  const found = new Map(await Promise.all(memberZnodes.filter((child) => child !== 'disbelieved').map(read)))
  // Of PVC nodes only, and not before the state that it is about: that may be younger.
  if (found.get('transition') === undefined && found.get('presence') === undefined) found.set(...await read('disbelieved'))
  return memberOf(name, (child) => found.get(child), alive)
}

/** Whether a PVC peer's keepalive changes, as far as the reader can tell. */
export type Alive = (name: string) => boolean
const assumed: Alive = () => true

/** Nodes that are read at the same time: the readings of thousands would be sent in one turn of the event loop, and all be held until the last is answered. */
const NODES_AT_ONCE = 64

/**
 * Every registered node, sorted by name.
 * @param known a member that is as new as this reading has to be, and is not read again
 */
export async function readMembers (session: Session, alive: Alive = assumed, known: (name: string) => Member | undefined = () => undefined): Promise<readonly Member[]> {
  const names = (await readNames(session, NODES)).filter(isNodeName)
  const found = new Map(names.map((name) => [name, known(name)]))
  await inLanes(names.filter((name) => found.get(name) === undefined), NODES_AT_ONCE, async (name) => found.set(name, await readMember(session, name, alive(name))))
  return [...found.values()].filter((member) => member !== undefined)
}

/** The primary key, or null while there is none. */
async function readKey (session: Session): Promise<KeyView | null> {
  const znode = await readZnode(session, PRIMARY_NODE)
  return znode === undefined ? null : keyOf(znode)
}

async function readLedger (session: Session): Promise<{ ledger: Ledger | null, version: number | null }> {
  const znode = await readZnode(session, SWITCHOVERS)
  return { ledger: parseLedger(znode?.data), version: znode?.version ?? null }
}

/** The present epoch; null while there is no key, or none that the ledger knows. */
export async function readEpoch (session: Session): Promise<number | null> {
  const [key, { ledger }] = await Promise.all([readKey(session), readLedger(session)])
  return key === null ? null : epochOf(key, ledger)
}

export async function readRecord (session: Session, epoch: number): Promise<StoredRecord | null> {
  const znode = await readZnode(session, switchoverPath(epoch))
  const record = parseRecord(znode?.data, epoch)
  return znode === undefined || record === null ? null : { record, version: znode.version }
}

/** How many of the newest records a snapshot reads: those that can still be open, and whatever is ahead of the key. */
const NEWEST = 4

/** The records that can still be open. */
export async function readNewestRecords (session: Session): Promise<readonly SwitchoverRecord[]> {
  const records = await Promise.all(newestOf(await readNames(session, SWITCHOVERS)).map(async (epoch) => await readRecord(session, epoch)))
  return records.flatMap((stored) => stored === null ? [] : [stored.record])
}

const epochsOf = (names: readonly string[]) => names.map(epochOfName).filter((epoch) => epoch !== null)
const newestOf = (names: readonly string[]) => epochsOf(names).slice(-NEWEST)

/** What the completion rule reads; null while there is no key. */
export async function readPicture (session: Session): Promise<RoleSnapshot | null> {
  const [key, { ledger }, members] = await Promise.all([readKey(session), readLedger(session), readMembers(session)])
  return key === null ? null : { key, ledger, members }
}

/** As `readZnode`; what may not be read is as what is not there. */
async function readIfPermitted (session: Session, path: string): Promise<Znode | undefined> {
  try {
    return await readZnode(session, path)
  } catch (error) {
    if (hasCode(error, 'no_auth')) return undefined
    throw error
  }
}

/** What is known of a node that has failed. */
export async function readFailure (session: Session, name: string): Promise<FailureReading> {
  const [fence, keepalive] = await Promise.all((['fence', 'keepalive'] as const).map(async (child) => await readIfPermitted(session, nodePath(name, child))))
  return { fence: parseFence(fence?.data), keepalive: keepalive ?? null }
}

/** When coordinators that have released everything began to; of none while one is primary, as a rule. */
async function readReleases (session: Session, members: readonly Member[]): Promise<ReadonlyMap<string, string>> {
  if (members.some((member) => member.coordinatorState === 'primary' && !hasFailed(member))) return new Map()
  const released = members.filter(({ coordinatorState, transition }) => coordinatorState === 'secondary' && transition?.direction === 'relinquish')
  const found = await Promise.all(released.map(async ({ name }) => {
    const [transition, resources] = await Promise.all((['transition', 'resources'] as const).map(async (child) => await readIfPermitted(session, nodePath(name, child))))
    return [name, beganLastRelease(transition, resources)] as const
  }))
  return new Map(found.filter((each): each is readonly [string, string] => each[1] !== null))
}

/** Of coordinators that are dead or fenced: none, as a rule. */
async function readFailures (session: Session, members: readonly Member[]): Promise<ReadonlyMap<string, FailureReading>> {
  const failed = members.filter((member) => member.mode === 'coordinator' && hasFailed(member))
  return new Map(await Promise.all(failed.map(async ({ name }) => [name, await readFailure(session, name)] as const)))
}

/** What is known of coordinators that may have held the role before. */
export async function readFormerHolders (session: Session, members: readonly Member[]): Promise<Required<Pick<KeySnapshot, 'failures' | 'releases'>>> {
  const [failures, releases] = await Promise.all([readFailures(session, members), readReleases(session, members)])
  return { failures, releases }
}

/**
 * Everything that a change of the key is decided on, and for its record what is known of coordinators that may have held the role before; null while there is no key.
 * The latter is read beside the records, and takes no time of its own. `known` as for `readMembers`.
 */
export async function readKeySnapshot (session: Session, alive?: Alive, known?: (name: string) => Member | undefined): Promise<KeySnapshot | null> {
  const parts = await readParts(session, alive, known)
  if (parts === null) return null
  const { names, ...rest } = parts
  const [records, former] = await Promise.all([readRecords(session, names), readFormerHolders(session, rest.members)])
  return { ...rest, recordEpochs: epochsOf(names), records, ...former }
}

type Parts = Pick<KeySnapshot, 'key' | 'ledger' | 'ledgerVersion' | 'members'> & { readonly names: readonly string[] }

async function readParts (session: Session, alive?: Alive, known?: (name: string) => Member | undefined): Promise<Parts | null> {
  const [key, { ledger, version }, members, names] = await Promise.all([
    readKey(session), readLedger(session), readMembers(session, alive, known), readNames(session, SWITCHOVERS),
  ])
  return key === null ? null : { key, ledger, ledgerVersion: version, members, names }
}

async function readRecords (session: Session, names: readonly string[]): Promise<readonly StoredRecord[]> {
  const records = await Promise.all(newestOf(names).map(async (epoch) => await readRecord(session, epoch)))
  return records.filter((stored) => stored !== null)
}
