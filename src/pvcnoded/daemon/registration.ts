/** This node's znodes in PVC's layout: made where they are missing, so that either project's daemons can read them. */
import { nodePath, NODES, type NodeKey } from '../../cluster/layout.ts'
import { isNodeExists } from '../../zookeeper/client/errors.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import type { NodeConfig } from '../config/node-config.ts'
import { staticText, type StaticData } from '../static-data.ts'
import type { OwnZnodes } from './own-znodes.ts'

/** What stands in a znode until something better is known. */
const firstValues: ReadonlyArray<readonly [NodeKey, string]> = [
  ['domainstate', 'ready'],
  ['memtotal', '0'], ['memused', '0'], ['memfree', '0'], ['memalloc', '0'], ['memprov', '0'], ['vcpualloc', '0'], ['cpuload', '0'],
  ['domainscount', '0'], ['runningdomains', ''], ['networkscount', '0'],
]

/** @param version this daemon's own, for people */
export async function register (session: Session, own: OwnZnodes, { node, mode, ipmi }: Pick<NodeConfig, 'node' | 'mode' | 'ipmi'>, facts: StaticData, version: string): Promise<void> {
  await session.ensurePath(NODES)
  try {
    await session.create(nodePath(node), mode)
  } catch (error) {
    if (!isNodeExists(error)) throw error
  }
  await Promise.all([
    own.keep('daemonmode', mode),
    own.keep('staticdata', staticText(facts)),
    own.keep('pvcversion', version),
    ...ipmi === undefined ? [] : [own.keep('ipmihostname', ipmi.host), own.keep('ipmiusername', ipmi.username), own.keep('ipmipassword', ipmi.password)],
    ...firstValues.map(async ([name, value]) => await own.provide(name, value)),
  ])
}
