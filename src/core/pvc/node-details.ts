/**
 * One node as PVC's API shows it, from the texts below `/nodes/<n>`. What is missing or malformed is null in that field alone, so that one
 * bad znode never costs more than itself. Field names and shapes are PVC's.
 */
import { coordinatorStateOf, daemonStateOf, domainStateOf, type CoordinatorState, type DaemonState, type DomainState } from '../model/states.ts'
import { parseResources, type ResourceStatus } from '../model/resource-states.ts'
import { interfacesOf, type InterfaceFigures } from './interfaces.ts'
import { isFigure, writtenJson } from './written-number.ts'

/** The children of `/nodes/<n>` that a reply needs; the fencing credentials are not among them. */
export const detailZnodes = [
  'daemonstate', 'routerstate', 'domainstate', 'pvcversion', 'staticdata', 'cpuload', 'domainscount', 'runningdomains',
  'vcpualloc', 'memtotal', 'memused', 'memfree', 'memalloc', 'memprov', 'monitoring_health', 'monitoring_plugins', 'network_stats', 'resources',
] as const
export type DetailZnode = typeof detailZnodes[number]

/** The children of `/nodes/<n>/monitoring_data/<plugin>` that a reply needs. */
export const pluginZnodes = ['last_run', 'health_delta', 'message', 'data'] as const
export type PluginZnode = typeof pluginZnodes[number]

export interface PluginResult {
  readonly name: string
  readonly last_run: number | null
  readonly health_delta: number | null
  readonly message: string | null
  readonly data: unknown
}

export interface NodeDetails {
  readonly name: string
  readonly daemon_state: DaemonState | null
  readonly coordinator_state: CoordinatorState | null
  readonly domain_state: DomainState | null
  readonly pvc_version: string | null
  readonly cpu_count: number | null
  readonly kernel: string | null
  readonly os: string | null
  readonly arch: string | null
  readonly health: number | null
  readonly health_plugins: readonly string[] | null
  readonly health_details: readonly PluginResult[] | null
  readonly load: number | null
  readonly domains_count: number | null
  readonly running_domains: readonly string[] | null
  readonly vcpu: { readonly total: number | null, readonly allocated: number | null }
  readonly memory: {
    readonly total: number | null
    readonly allocated: number | null
    readonly provisioned: number | null
    readonly used: number | null
    readonly free: number | null
  }
  readonly interfaces: Readonly<Record<string, InterfaceFigures>> | null
  /** Of a node of ours; a PVC daemon publishes none. */
  readonly resources?: readonly ResourceStatus[]
}

/** A text of a znode: undefined where there is no such znode, null while that is not known. What a list names is left out until it is known. */
export type Text = string | undefined | null

/** Where the texts come from. */
export interface NodeTexts {
  readonly znode: (key: DetailZnode) => string | undefined
  readonly plugin: (plugin: string, key: PluginZnode) => Text
  /** The name of a domain, by its uuid. */
  readonly domain: (uuid: string) => Text
}

/** A whole number in decimal, or null. */
export const integer = (text: string | undefined): number | null =>
  text !== undefined && /^\s*-?\d{1,15}\s*$/.test(text) ? Number(text) : null

/** A node's health, in points of 100, or null: a value beyond them says nothing. */
function healthPoints (text: string | undefined): number | null {
  const points = integer(text)
  return points !== null && points >= 0 && points <= 100 ? points : null
}

/** A number in decimal that a figure can be, or null. */
export const decimal = (text: string | undefined): number | null => {
  if (text === undefined || !/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*$/.test(text)) return null
  const value = Number(text)
  return isFigure(value) ? value : null
}

/** Words of a list at most: of checks, and of domains. A longer list is malformed. */
const MAX_CHECKS = 512
const MAX_DOMAINS = 10_000

/** The words of a text, or null for one that is absent or has more than `most` of them. */
function words (text: string | undefined, most: number): readonly string[] | null {
  const found = text?.split(/\s+/, most + 2).filter((word) => word !== '') ?? null
  return found !== null && found.length > most ? null : found
}

/** Not empty, or null. */
export const present = (text: string | undefined): string | null => text === undefined || text === '' ? null : text

/** `cpus kernel os arch`, all four or none. */
function staticData (text: string | undefined): Pick<NodeDetails, 'cpu_count' | 'kernel' | 'os' | 'arch'> {
  const [cpus, kernel, os, arch, ...rest] = words(text, 5) ?? []
  const count = integer(cpus)
  if (count === null || kernel === undefined || os === undefined || arch === undefined || rest.length > 0) {
    return { cpu_count: null, kernel: null, os: null, arch: null }
  }
  return { cpu_count: count, kernel, os, arch }
}

/** Those of the checks whose texts are known. */
function results (checks: readonly string[], plugin: NodeTexts['plugin']): readonly PluginResult[] {
  return checks.filter((check) => pluginZnodes.every((key) => plugin(check, key) !== null)).map((check) => {
    const text = (key: PluginZnode) => plugin(check, key) ?? undefined
    return {
      name: check,
      last_run: integer(text('last_run')),
      health_delta: integer(text('health_delta')),
      message: text('message') ?? null,
      data: writtenJson(text('data')),
    }
  })
}

export function nodeDetails (name: string, { znode, plugin, domain }: NodeTexts): NodeDetails {
  const machine = staticData(znode('staticdata'))
  const checks = words(znode('monitoring_plugins'), MAX_CHECKS)
  const found = checks === null ? null : results(checks, plugin)
  const resources = parseResources(znode('resources'))
  return {
    name,
    daemon_state: daemonStateOf(znode('daemonstate')),
    coordinator_state: coordinatorStateOf(znode('routerstate')),
    domain_state: domainStateOf(znode('domainstate')),
    pvc_version: present(znode('pvcversion')),
    ...machine,
    health: healthPoints(znode('monitoring_health')),
    health_plugins: found?.map((check) => check.name) ?? null,
    health_details: found,
    load: decimal(znode('cpuload')),
    domains_count: integer(znode('domainscount')),
    running_domains: words(znode('runningdomains'), MAX_DOMAINS)?.flatMap((uuid) => {
      const known = domain(uuid)
      return known === null ? [] : [known ?? uuid]
    }) ?? null,
    vcpu: { total: machine.cpu_count, allocated: integer(znode('vcpualloc')) },
    memory: {
      total: integer(znode('memtotal')),
      allocated: integer(znode('memalloc')),
      provisioned: integer(znode('memprov')),
      used: integer(znode('memused')),
      free: integer(znode('memfree')),
    },
    interfaces: interfacesOf(znode('network_stats')),
    ...(resources === null ? {} : { resources }),
  }
}
