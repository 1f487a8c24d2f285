/**
 * The hosts by which clients may address this API where no key is needed. A web page can have its own name point to this machine; its requests
 * then carry that name in `Host`, and nothing else tells them from those of the API's own pages.
 *
 * Known are loopback names and addresses, the machine's own names and addresses, the node's name, the listen address, the trusted proxies'
 * addresses, and what is configured. Ports, upper case, a dot at the end and the zone of an address make no difference.
 */
import { isIP } from 'node:net'
import { interfaceAddresses, isLoopback, networks } from '../../runtime/addresses.ts'
import type { Clock } from '../../runtime/clock.ts'
import { ownNames } from '../../runtime/own-names.ts'
import type { ApiConfig } from '../config/api-config.ts'

/** Values of `Host` whose reading is kept; the oldest is forgotten. */
const KEPT = 256
/** Milliseconds for which the interfaces' addresses are taken as they were read. */
const INTERFACES_KEPT = 1_000

const FORM = /^(?:\[([0-9a-f:.]+)(?:%[\w.%~-]+)?\]|(\w[\w.-]*?))\.?(:\d{0,5})?$/i

/** The host of a `Host` header or of a setting as it is compared: a name in lower case, an address in its one form. Null if it is neither. */
export function hostOf (text: string): string | null {
  const [, literal, name, port = ''] = FORM.exec(text) ?? []
  if (literal === undefined && name === undefined) return null
  try {
    const { hostname } = new URL(`http://${literal === undefined ? name : `[${literal}]`}${port}`)
    return hostname.replace(/^\[|\]$/g, '')
  } catch {
    return null
  }
}

const isLoopbackName = (name: string) => name === 'localhost' || name.endsWith('.localhost') || name === 'localhost.localdomain' || name === 'ip6-localhost' || name === 'ip6-loopback'

const plain = (address: string | undefined): string => address === undefined ? '' : (address.split('%', 1)[0] ?? '').replace(/^::ffff:(?=\d+\.)/, '')

export interface KnownHostsOptions {
  readonly config: Pick<ApiConfig, 'node' | 'listenAddress' | 'hostnames' | 'trustedProxies'>
  readonly clock: Pick<Clock, 'monotonic'>
  readonly names?: readonly string[]
  readonly interfaces?: () => ReadonlySet<string>
}

export class KnownHosts {
  readonly #names: ReadonlySet<string>
  readonly #proxies: { has (address: string): boolean }
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #interfaces: () => ReadonlySet<string>
  /** `Host` → true or false for what never changes, or an address that may come and go. */
  readonly #read = new Map<string, boolean | string>()
  #addresses: { readonly at: number, readonly set: ReadonlySet<string> } | null = null

  constructor ({ config, clock, names = ownNames(), interfaces = interfaceAddresses }: KnownHostsOptions) {
    const { node, listenAddress, hostnames = [], trustedProxies } = config
    const all = [...names, ...node === undefined ? [] : [node], listenAddress, ...hostnames]
    this.#names = new Set(all.map((name) => hostOf(isIP(name) === 6 ? `[${name}]` : name)).filter((name) => name !== null))
    this.#proxies = networks(trustedProxies)
    this.#clock = clock
    this.#interfaces = interfaces
  }

  /**
   * @param host the header as it came
   * @param socket the connection that it came by
   */
  knows (host: string, { localAddress }: { readonly localAddress?: string | undefined }): boolean {
    const read = this.#read.get(host) ?? this.#keep(host)
    return typeof read === 'boolean' ? read : read === plain(localAddress) || this.#ownAddresses().has(read)
  }

  #keep (host: string): boolean | string {
    const name = hostOf(host)
    const read = name === null ? false : this.#judge(name)
    const oldest = this.#read.keys().next()
    if (this.#read.size >= KEPT && oldest.done !== true) this.#read.delete(oldest.value)
    this.#read.set(host, read)
    return read
  }

  #judge (name: string): boolean | string {
    const isAddress = isIP(name) > 0
    if (this.#names.has(name) || (isAddress ? isLoopback(name) || this.#proxies.has(name) : isLoopbackName(name))) return true
    return isAddress ? name : false
  }

  #ownAddresses (): ReadonlySet<string> {
    const now = this.#clock.monotonic()
    if (this.#addresses === null || now - this.#addresses.at >= INTERFACES_KEPT) this.#addresses = { at: now, set: this.#interfaces() }
    return this.#addresses.set
  }
}

/** IPv6 addresses may stand in brackets or not; a port has no place here. */
export function hostOfSetting (text: string): string | null {
  if (isIP(text) === 6) return hostOf(`[${text}]`)
  return /:\d*$/.test(text.replace(/^\[.*\]/, '')) ? null : hostOf(text)
}
