/** The configuration as pvcnoded uses it. Durations are in milliseconds. */
import type { Preference } from '../../core/model/preference.ts'
import type { NodeMode } from '../../core/model/states.ts'
import type { HostPort } from '../../runtime/config/config-common.ts'
import type { LogLevel } from '../../runtime/log/log.ts'
import type { CommandCollectorConfig } from '../collectors/command-collector.ts'
import type { DomainsConfig } from '../daemon/domains.ts'
import type { FloatingIpConfig } from '../resources/floating-ip.ts'
import type { SystemdUnitConfig } from '../resources/systemd-unit.ts'

/** A resource of type `command`. Durations in milliseconds. */
export interface CommandResourceConfig {
  readonly type: 'command'
  readonly name: string
  readonly acquire: readonly string[]
  readonly release: readonly string[]
  readonly check: readonly string[] | undefined
  readonly ready: readonly string[] | undefined
  readonly acquireTimeout: number
  readonly releaseTimeout: number
  /** Attempts after the first. */
  readonly retries: number
  readonly checkInterval: number
}

export type ResourceConfig = CommandResourceConfig | FloatingIpConfig | SystemdUnitConfig

/** Durations in milliseconds. */
export type FencingConfig = {
  readonly savingThrows: number
  readonly savingInterval: number
  /** Starts the domains of a fenced node elsewhere. */
  readonly recover?: readonly string[] | undefined
} & (
  | { readonly method: 'none' }
  | { readonly method: 'command', readonly command: readonly string[], readonly probe?: readonly string[] | undefined, readonly timeout: number }
  | { readonly method: 'ipmi', readonly timeout: number, readonly cipherSuite: number | undefined, readonly privilege?: string | undefined }
)

/** Durations in milliseconds. */
export interface NodeConfig {
  readonly node: string
  readonly mode: NodeMode
  readonly servers: readonly HostPort[]
  /** The path of the znode under which the cluster is; the root of the ensemble unless given. */
  readonly chroot?: string
  /** `host:port` of this node's pvcapid. */
  readonly apiAddress: string | undefined
  /** Asked for; what is negotiated counts. */
  readonly sessionTimeout: number
  readonly lockTimeout: number
  readonly transitionDelay: number
  readonly settleTime: number
  readonly takeoverStart: number
  readonly reclaimDelay: number
  /** Undefined: a third of the negotiated session time-out. */
  readonly takeoverGrace: number | undefined
  readonly handoverTimeout: number
  /** In the order of acquisition. */
  readonly resources: readonly ResourceConfig[]
  /** What this node prefers of its part in the primary role. */
  readonly candidate: Pick<Preference, 'priority' | 'minHealth'>
  readonly keepaliveInterval: number
  readonly fenceIntervals: number
  readonly collectors: readonly CommandCollectorConfig[]
  readonly fencing: FencingConfig
  /** This node's own management controller. */
  readonly ipmi: { readonly host: string, readonly username: string, readonly password: string } | undefined
  readonly unfencedFailover: boolean
  readonly domains: DomainsConfig
  readonly selfFence: readonly string[] | undefined
  /** Absolute path of the directory of the lock file. */
  readonly runDirectory: string
  readonly logLevel: LogLevel
}
