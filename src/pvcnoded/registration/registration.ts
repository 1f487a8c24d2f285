/**
 * This node's znodes in PVC's layout: made where they are missing, so that either project's daemons can read them.
 *
 * Guarantees: a first start makes the node with everything that PVC's software reads of it in one transaction. Nothing that is there is overwritten with a first value.
 */
import { isNodeName, nodePath, NODES, SCHEMA_VERSION, type NodeKey } from '../../cluster/layout.ts'
import { readZnode } from '../../cluster/reading.ts'
import { daemonStateOf, type NodeMode } from '../../core/model/states.ts'
import type { Transition } from '../../core/model/transition.ts'
import type { Znode } from '../../core/model/znode.ts'
import { LATEST_SCHEMA, newerSchema, newerSchemaSentence, nodeSchemaOf, schemaOf } from '../../core/pvc/schema.ts'
import { isNodeExists, isNoNode } from '../../zookeeper/client/errors.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import type { NodeConfig } from '../config/node-config.ts'
import { staticText, type StaticData } from '../static-data.ts'
import type { EndingCode } from '../endings.ts'
import type { OwnZnodes } from '../daemon/own-znodes.ts'

/** What stands in a znode until something better is known. */
export const firstValues: ReadonlyArray<readonly [NodeKey, string]> = [
  ['domainstate', 'ready'],
  ['memtotal', '0'], ['memused', '0'], ['memfree', '0'], ['memalloc', '0'], ['memprov', '0'], ['vcpualloc', '0'], ['cpuload', '0'],
  ['domainscount', '0'], ['runningdomains', ''], ['networkscount', '0'],
  ['monitoring_plugins', ''], ['monitoring_data', ''], ['network_stats', '{}'],
]

/** Whether a first value is a figure, which nothing but this daemon has to say of its node: one without a collector stays as it is made. */
export const isFigure = (key: NodeKey): boolean => firstValues.some(([name]) => name === key) && !['domainstate', 'monitoring_plugins', 'monitoring_data', 'network_stats'].includes(key)

/** What this daemon writes may not mean what it is meant to in a newer layout: exit 78. */
export class SchemaTooNewError extends Error {
  readonly code = 'schema_too_new' satisfies EndingCode
  constructor (version: number) {
    super(`${newerSchemaSentence(version, 'pvcnoded')} Install one that knows it, or run PVC's own on this node.`)
    this.name = 'SchemaTooNewError'
  }
}

/**
 * PVC's daemons read of every node which version of the layout it uses and which it could, and end at a node that does not say: they raise the cluster's
 * version once every node could. A cluster without PVC has none.
 * @returns `newer`: the version that the cluster or a node uses, if this project does not know it, else null
 */
export async function readSchema (session: Session): Promise<{ readonly active: number, readonly newer: number | null }> {
  const names = await session.children(NODES).then((found) => found.names.filter(isNodeName), (error: unknown) => {
    if (isNoNode(error)) return []
    throw error
  })
  const [cluster, ...nodes] = await Promise.all([SCHEMA_VERSION, ...names.map((name) => nodePath(name, 'activeschema'))].map(async (path) => (await readZnode(session, path))?.data))
  const version = schemaOf(cluster)
  return { active: Math.min(version ?? LATEST_SCHEMA, LATEST_SCHEMA), newer: newerSchema([version, ...nodes.map(nodeSchemaOf)]) }
}

export interface RegistrationFacts {
  readonly facts: StaticData
  /** This daemon's own, for people. */
  readonly version: string
  /**
   * This daemon has been registered before, on another session. It is not ended because of a layout that was raised meanwhile: it would leave `run` behind,
   * and be fenced with the domains that run on it. It holds nothing, and is not eligible (`layout-check.ts`).
   */
  readonly returns: boolean
}

/** What the registering transaction says of this run of the daemon. */
export interface FirstWords {
  /** The text of its presence. */
  readonly presence: string
  /** RFC 3339. */
  readonly startedAt: string
}

type Registered = Pick<NodeConfig, 'node' | 'mode' | 'ipmi'>

/** What a node says of itself for as long as its daemon runs, but for the version of the layout in use. */
export const registeredTexts = ({ mode, ipmi }: Registered, { facts, version }: Pick<RegistrationFacts, 'facts' | 'version'>): ReadonlyArray<readonly [NodeKey, string]> => [
  ['daemonmode', mode],
  ['latestschema', String(LATEST_SCHEMA)],
  ['staticdata', staticText(facts)],
  ['pvcversion', version],
  ...ipmi === undefined ? [] : [['ipmihostname', ipmi.host], ['ipmiusername', ipmi.username], ['ipmipassword', ipmi.password]] as const,
]

/**
 * What PVC's keepalive holds.
 * @param wall RFC 3339
 */
export const keepaliveText = (wall: string): string => String(Math.floor(Date.parse(wall) / 1000))

/** The coordinator state of a node that takes no part in the role yet, or never does. */
const restingState = (mode: NodeMode) => mode === 'hypervisor' ? 'client' : 'secondary'

/**
 * The states of a node that starts for the first time. Its coordinator state is no word of a release (`Member.firstWord`), because `transition` is made in the
 * same transaction.
 */
const firstStates = (mode: NodeMode, startedAt: string): ReadonlyArray<readonly [NodeKey, string]> => [
  ['daemonstate', 'init'],
  ['routerstate', restingState(mode)],
  ['transition', JSON.stringify({ epoch: null, direction: 'start', step: 0, of: 0, resource: null, released: [], since: startedAt, error: null } satisfies Transition)],
]

/** Rejects with a `SchemaTooNewError` before anything is written. */
export async function register (session: Session, own: OwnZnodes, config: Registered, { facts, version, returns }: RegistrationFacts, { presence, startedAt }: FirstWords): Promise<void> {
  const { node, mode } = config
  const { active, newer } = await readSchema(session)
  if (newer !== null && !returns) throw new SchemaTooNewError(newer)
  await session.ensurePath(NODES)
  const [texts, values] = [
    [['activeschema', String(active)] as const, ...registeredTexts(config, { facts, version })],
    [['keepalive', keepaliveText(startedAt)] as const, ...firstValues],
  ]
  try {
    await session.createAll([
      { path: nodePath(node), data: mode, ephemeral: false },
      ...[...texts, ...values, ...firstStates(mode, startedAt)].map(([key, data]) => ({ path: nodePath(node, key), data, ephemeral: false })),
      { path: nodePath(node, 'presence'), data: presence, ephemeral: true },
    ])
  } catch (error) {
    if (!isNodeExists(error)) throw error
    await Promise.all([
      ...texts.map(async ([name, text]) => await own.keep(name, text)),
      ...values.map(async ([name, value]) => await own.provide(name, value)),
    ])
  }
}

/**
 * Writes `init`. PVC's fencer may have written `secondary` over `dead` after a failed fence. Peers would take that for the node's own word from `init` on
 * (`Member.fencersWord`), so the node first writes `relinquish`, which stands until its start has released every resource. So does a node whose coordinator
 * state is missing: PVC's client ends at a node without one.
 * @param found the node's znodes, read before
 */
export async function announceStart (own: OwnZnodes, mode: NodeMode, found: ReadonlyMap<NodeKey, Znode | undefined>): Promise<void> {
  const [daemon, state] = [found.get('daemonstate'), found.get('routerstate')]
  if (state === undefined) await own.write('routerstate', mode === 'hypervisor' ? 'client' : 'relinquish')
  else if (daemonStateOf(daemon?.data) === 'dead' && daemon !== undefined && state.data === 'secondary' && state.mzxid > daemon.mzxid) await own.write('routerstate', 'relinquish')
  await own.write('daemonstate', 'init')
}
