/** The domains that PVC's znodes have on a node, and PVC's storage daemons there, read directly. */
import { domainPath, DOMAINS, OSDS, osdNodePath } from '../layout.ts'
import { readNames, readZnode } from '../reading.ts'
import { isRunning } from '../../core/pvc/domain.ts'
import { inLanes } from '../../runtime/lanes.ts'
import type { Session } from '../../zookeeper/session/session.ts'

/** Znodes that are read at once. */
const AT_ONCE = 64

export interface DomainThere {
  readonly uuid: string
  /** Its uuid where it has none. */
  readonly name: string
  /** It runs on the node, or is to. */
  readonly runs: boolean
}

/** The domains that name `node`, sorted by uuid. */
export async function readDomainsOn (session: Session, node: string): Promise<readonly DomainThere[]> {
  const found: DomainThere[] = []
  await inLanes(await readNames(session, DOMAINS), AT_ONCE, async (uuid) => {
    if ((await readZnode(session, domainPath(uuid, 'node')))?.data !== node) return
    const [state, name] = await Promise.all([readZnode(session, domainPath(uuid, 'state')), readZnode(session, domainPath(uuid))])
    found.push({ uuid, name: name === undefined || name.data === '' ? uuid : name.data, runs: isRunning(state?.data) })
  })
  return found.sort((a, b) => a.uuid < b.uuid ? -1 : 1)
}

/** The ids of PVC's storage daemons on `node`, sorted. */
export async function readOsdsOn (session: Session, node: string): Promise<readonly string[]> {
  const found: string[] = []
  await inLanes(await readNames(session, OSDS), AT_ONCE, async (id) => {
    if ((await readZnode(session, osdNodePath(id)))?.data === node) found.push(id)
  })
  return found.sort()
}
