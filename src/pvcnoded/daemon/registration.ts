/** This node's znodes in PVC's layout: made where they are missing, so that either project's daemons can read them. */
import { nodePath, NODES, SCHEMA_VERSION, type NodeKey } from '../../cluster/layout.ts'
import { readZnode } from '../../cluster/reading.ts'
import { isNodeExists } from '../../zookeeper/client/errors.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import type { NodeConfig } from '../config/node-config.ts'
import { staticText, type StaticData } from '../static-data.ts'
import type { EndingCode } from '../endings.ts'
import type { OwnZnodes } from './own-znodes.ts'

/** What stands in a znode until something better is known. */
const firstValues: ReadonlyArray<readonly [NodeKey, string]> = [
  ['domainstate', 'ready'],
  ['memtotal', '0'], ['memused', '0'], ['memfree', '0'], ['memalloc', '0'], ['memprov', '0'], ['vcpualloc', '0'], ['cpuload', '0'],
  ['domainscount', '0'], ['runningdomains', ''], ['networkscount', '0'],
]

/** The newest version of PVC's layout that this daemon writes as it is meant to. */
const LATEST_SCHEMA = 15

/** What this daemon writes may not mean what it is meant to in a newer layout: exit 78. */
export class SchemaTooNewError extends Error {
  readonly code = 'schema_too_new' satisfies EndingCode
  constructor (version: string) {
    super(`The cluster uses version ${version} of PVC's layout (${SCHEMA_VERSION}); this pvcnoded knows versions 0 to ${LATEST_SCHEMA} and writes nothing. Install one that knows it, or run PVC's own on this node.`)
    this.name = 'SchemaTooNewError'
  }
}

/**
 * PVC's daemons read of every node which version of the layout it uses and which it could, and end at a node that does not say: they raise the cluster's
 * version once every node could. A cluster without PVC has none.
 */
async function schemaTexts (session: Session): Promise<{ readonly active: string, readonly latest: string }> {
  const text = (await readZnode(session, SCHEMA_VERSION))?.data ?? ''
  const version = /^\d+$/.test(text) ? Number(text) : LATEST_SCHEMA
  if (version > LATEST_SCHEMA) throw new SchemaTooNewError(text.slice(0, 20))
  return { active: String(version), latest: String(LATEST_SCHEMA) }
}

/**
 * Rejects with a `SchemaTooNewError` before anything is written.
 * @param version this daemon's own, for people
 */
export async function register (session: Session, own: OwnZnodes, { node, mode, ipmi }: Pick<NodeConfig, 'node' | 'mode' | 'ipmi'>, facts: StaticData, version: string): Promise<void> {
  const { active, latest } = await schemaTexts(session)
  await session.ensurePath(NODES)
  try {
    await session.create(nodePath(node), mode)
  } catch (error) {
    if (!isNodeExists(error)) throw error
  }
  await Promise.all([
    own.keep('daemonmode', mode),
    own.keep('activeschema', active),
    own.keep('latestschema', latest),
    own.keep('staticdata', staticText(facts)),
    own.keep('pvcversion', version),
    ...ipmi === undefined ? [] : [own.keep('ipmihostname', ipmi.host), own.keep('ipmiusername', ipmi.username), own.keep('ipmipassword', ipmi.password)],
    ...firstValues.map(async ([name, value]) => await own.provide(name, value)),
  ])
}
