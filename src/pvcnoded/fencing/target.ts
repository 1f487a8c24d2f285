/** Reads what a fencing agent needs to know of a node. */
import { epochOf } from '../../core/model/epoch.ts'
import { readPicture, readZnode } from '../../cluster/reading.ts'
import { nodePath } from '../../cluster/layout.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import type { FencingTarget } from './agent.ts'

/** Rejects with a `ZooKeeperError`. */
export async function readTarget (session: Session, node: string): Promise<FencingTarget> {
  const credential = async (name: 'ipmihostname' | 'ipmiusername' | 'ipmipassword') => (await readZnode(session, nodePath(node, name)))?.data ?? ''
  const [host, username, password, snapshot] = await Promise.all([credential('ipmihostname'), credential('ipmiusername'), credential('ipmipassword'), readPicture(session)])
  return { node, ipmi: host === '' ? null : { host, username, password }, epoch: snapshot === null ? null : epochOf(snapshot.key, snapshot.ledger) }
}
