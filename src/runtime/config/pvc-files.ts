/**
 * Configuration files of PVC's own: pvc.conf, and before that pvcnoded.yaml and pvcapid.yaml, which have the names of ours and other settings. They are
 * known by settings that only PVC has. Guarantees: such a file is called what it is, once, and each setting in it that has a place in ours is
 * named with that place, instead of one error for each setting that does not exist here.
 */
import type { TSchema } from 'typebox'
import { pathSegments } from './config-problem.ts'

/** One setting of PVC's, where it goes in ours, and what is different there. */
interface Carried {
  readonly from: string
  readonly to: string
  readonly but?: string
}

interface PvcFormat {
  readonly name: string
  /** Settings that only this file has. */
  readonly marks: readonly string[]
  readonly carried: readonly Carried[]
}

const hosts = 'host or host:port each'
const agent = 'with pvc.system.fencing.method: ipmi'
const address = `${agent}; {node_id} in it has to be written out`
const recovery = 'a command that starts the domains of a fenced node elsewhere: migrate is none by itself'
const role = 'each with a role, read or operate, and 16 characters at least: a shorter token of PVC has to be replaced'

export const pvcFormats: readonly PvcFormat[] = [
  {
    name: 'pvcnoded.yaml',
    marks: ['pvc.functions', 'pvc.cluster', 'pvc.system.configuration', 'pvc.system.migration', 'pvc.system.fencing.intervals', 'pvc.coordinator.dns', 'pvc.coordinator.metadata'],
    carried: [
      { from: 'pvc.node', to: 'pvc.node' },
      { from: 'pvc.cluster.coordinators', to: 'pvc.coordinators', but: hosts },
      { from: 'pvc.cluster.networks.upstream.floating_ip', to: 'pvc.coordinator.resources', but: 'as a resource of type floating-ip, with its device' },
      { from: 'pvc.cluster.networks.cluster.floating_ip', to: 'pvc.coordinator.resources', but: 'as a resource of type floating-ip, with its device' },
      { from: 'pvc.system.fencing.intervals.keepalive_interval', to: 'pvc.system.intervals.keepalive_interval' },
      { from: 'pvc.system.fencing.intervals.fence_intervals', to: 'pvc.system.intervals.fence_intervals', but: 'times keepalive_interval it has to be more than session_timeout' },
      { from: 'pvc.system.fencing.intervals.suicide_intervals', to: 'pvc.system.self_fence', but: 'a command; the lease says when' },
      { from: 'pvc.system.fencing.actions.successful_fence', to: 'pvc.system.fencing.recover', but: recovery },
      { from: 'pvc.system.fencing.ipmi.host', to: 'pvc.system.fencing.ipmi.host', but: address },
      { from: 'pvc.system.fencing.ipmi.user', to: 'pvc.system.fencing.ipmi.username', but: agent },
      { from: 'pvc.system.fencing.ipmi.pass', to: 'pvc.system.fencing.ipmi.password', but: agent },
    ],
  },
  {
    name: 'pvcapid.yaml',
    marks: ['pvc.provisioner', 'pvc.queue', 'pvc.database', 'pvc.api.authentication.secret_key'],
    carried: [
      { from: 'pvc.coordinators', to: 'pvc.coordinators', but: hosts },
      { from: 'pvc.api.listen_address', to: 'pvc.api.listen_address' },
      { from: 'pvc.api.listen_port', to: 'pvc.api.listen_port' },
      { from: 'pvc.api.authentication.enabled', to: 'pvc.api.authentication.enabled' },
      { from: 'pvc.api.authentication.tokens', to: 'pvc.api.authentication.tokens', but: role },
      { from: 'pvc.api.ssl.enabled', to: 'pvc.api.ssl.enabled' },
      { from: 'pvc.api.ssl.cert_file', to: 'pvc.api.ssl.cert_file' },
      { from: 'pvc.api.ssl.key_file', to: 'pvc.api.ssl.key_file' },
    ],
  },
  {
    name: 'pvc.conf',
    marks: ['cluster', 'subsystem', 'timer', 'guest_networking', 'ceph', 'migration'],
    carried: [
      { from: 'cluster.coordinator_nodes', to: 'pvc.coordinators', but: hosts },
      { from: 'cluster.networks.upstream.ipv4.floating_address', to: 'pvc.coordinator.resources', but: 'as a resource of type floating-ip, with its device' },
      { from: 'cluster.networks.cluster.ipv4.floating_address', to: 'pvc.coordinator.resources', but: 'as a resource of type floating-ip, with its device' },
      { from: 'timer.keepalive_interval', to: 'pvc.system.intervals.keepalive_interval' },
      { from: 'fencing.intervals.fence_intervals', to: 'pvc.system.intervals.fence_intervals', but: 'times keepalive_interval it has to be more than session_timeout' },
      { from: 'fencing.intervals.suicide_interval', to: 'pvc.system.self_fence', but: 'a command; the lease says when' },
      { from: 'fencing.actions.successful_fence', to: 'pvc.system.fencing.recover', but: recovery },
      { from: 'fencing.ipmi.hostname', to: 'pvc.system.fencing.ipmi.host', but: address },
      { from: 'fencing.ipmi.username', to: 'pvc.system.fencing.ipmi.username', but: agent },
      { from: 'fencing.ipmi.password', to: 'pvc.system.fencing.ipmi.password', but: agent },
      { from: 'api.listen.address', to: 'pvc.api.listen_address' },
      { from: 'api.listen.port', to: 'pvc.api.listen_port' },
      { from: 'api.authentication.enabled', to: 'pvc.api.authentication.enabled' },
      { from: 'api.authentication.tokens', to: 'pvc.api.authentication.tokens', but: role },
      { from: 'api.ssl.enabled', to: 'pvc.api.ssl.enabled' },
      { from: 'api.ssl.certificate', to: 'pvc.api.ssl.cert_file' },
      { from: 'api.ssl.private_key', to: 'pvc.api.ssl.key_file' },
    ],
  },
]

/** Own properties only: a file may have a key of any name. */
function at (value: unknown, path: string): unknown {
  return pathSegments(path).reduce<unknown>((found, segment) => typeof found === 'object' && found !== null && Object.hasOwn(found, segment) ? (found as Record<string, unknown>)[segment] : undefined, value)
}

/** Whether a daemon has a setting. */
const knows = (schema: TSchema, path: string): boolean => at(schema, `properties.${path.replaceAll('.', '.properties.')}`) !== undefined

/** Of a file of PVC's: that it is one, at the setting that shows it, and each setting that has a place in this daemon's; null for any other. */
export function pvcFileFindings (file: unknown, schema: TSchema): ReadonlyArray<{ readonly path: string, readonly message: string }> | null {
  for (const { name, marks, carried } of pvcFormats) {
    const mark = marks.find((path) => at(file, path) !== undefined && !knows(schema, path))
    if (mark === undefined) continue
    // With sections of ours beside it, an unknown section is a mistake in a file of ours.
    if (!mark.includes('.') && at(file, 'pvc') !== undefined) continue
    const found = carried.filter(({ from, to }) => at(file, from) !== undefined && knows(schema, to))
    const next = found.length === 0 ? 'None of its settings has a place in this daemon\'s file' : 'Its settings that have a place here are named below'
    return [
      { path: mark, message: `This file is PVC's own, in the format of its ${name}; this daemon has another. ${next}; see docs/pvc.md, and begin with the example file.` },
      ...found.map(({ from, to, but }) => ({ path: from, message: `Carry this over to ${to}${but === undefined ? '' : `, ${but}`}.` })),
    ]
  }
  return null
}
