/**
 * One node as PVC's clients are sent it: no field is null that PVC's own API gives a value, because its client formats every field and ends at the
 * first that it cannot. What a znode does not tell reads as PVC's API has it, or as `unknown`. The state filters and whatever decides go by
 * `NodeDetails`, in which it is null.
 */
import type { NodeDetails, PluginResult } from './node-details.ts'
import { fraction, type WrittenNumber } from './written-number.ts'

/** Text in place of a text that cannot be read, as PVC's API has it. */
const NONE = 'N/A'
/** In place of a state that cannot be read. */
export const UNKNOWN = 'unknown'

type Known<T> = { readonly [Key in keyof T]: NonNullable<T[Key]> }

export interface NodeReply extends Omit<Known<NodeDetails>, 'daemon_state' | 'coordinator_state' | 'domain_state' | 'health' | 'health_details' | 'load' | 'vcpu' | 'memory' | 'resources'> {
  readonly daemon_state: NonNullable<NodeDetails['daemon_state']> | typeof UNKNOWN
  readonly coordinator_state: NonNullable<NodeDetails['coordinator_state']> | typeof UNKNOWN
  readonly domain_state: NonNullable<NodeDetails['domain_state']> | typeof UNKNOWN
  /** Percent. */
  readonly health: number | typeof NONE
  readonly health_details: ReadonlyArray<Omit<Known<PluginResult>, 'data'> & { readonly data: unknown }>
  readonly load: WrittenNumber
  readonly vcpu: Known<NodeDetails['vcpu']>
  readonly memory: Known<NodeDetails['memory']>
  readonly resources?: NonNullable<NodeDetails['resources']>
}

/** The coordinator state as it is sent. A node that starts for the first time has none yet, and PVC's daemon says `secondary` from its registration on. */
export const shownState = (coordinatorState: NodeDetails['coordinator_state'], daemonState: NodeDetails['daemon_state']): NodeReply['coordinator_state'] =>
  coordinatorState ?? (daemonState === 'init' ? 'secondary' : UNKNOWN)

export function nodeReply (details: NodeDetails): NodeReply {
  const { vcpu, memory, resources, daemon_state: daemonState, coordinator_state: coordinatorState } = details
  return {
    name: details.name,
    daemon_state: daemonState ?? UNKNOWN,
    coordinator_state: shownState(coordinatorState, daemonState),
    domain_state: details.domain_state ?? UNKNOWN,
    pvc_version: details.pvc_version ?? NONE,
    cpu_count: details.cpu_count ?? 0,
    kernel: details.kernel ?? NONE,
    os: details.os ?? NONE,
    arch: details.arch ?? NONE,
    health: details.health ?? NONE,
    health_plugins: details.health_plugins ?? [],
    health_details: (details.health_details ?? []).map(({ name, last_run: lastRun, health_delta: delta, message, data }) => ({
      name, last_run: lastRun ?? 0, health_delta: delta ?? 0, message: message ?? '', data: data ?? {},
    })),
    load: fraction(details.load ?? 0),
    domains_count: details.domains_count ?? 0,
    running_domains: details.running_domains ?? [],
    vcpu: { total: vcpu.total ?? 0, allocated: vcpu.allocated ?? 0 },
    memory: { total: memory.total ?? 0, allocated: memory.allocated ?? 0, provisioned: memory.provisioned ?? 0, used: memory.used ?? 0, free: memory.free ?? 0 },
    interfaces: details.interfaces ?? {},
    ...(resources === undefined ? {} : { resources }),
  }
}
