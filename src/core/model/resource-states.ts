/**
 * What a node publishes of its resources: in `/nodes/<n>/resources` what is known of each, for people, on which nothing is decided; and in its presence which it is
 * configured with, by which coordinators are compared.
 */
import { count, jsonObject, secondsOf, text } from './znode.ts'

export const resourceStates = {
  unknown: 'this life of the daemon has not touched it yet',
  releasing: 'being released',
  released: 'not held here',
  acquiring: 'being acquired',
  held: 'held here, as far as was last seen',
  lost: 'was held here and is gone; being acquired again',
  failed: 'could not be acquired or released; the error says why',
} as const
export type ResourceState = keyof typeof resourceStates

/** What a node has seen of a resource that it holds all the same. Each is a condition of the same code. */
export const concernCodes = {
  address_duplicate: 'another machine on the link has the address, too',
  address_unannounced: 'the address could not be announced, or the link could not be asked about it',
} as const
export type ConcernCode = keyof typeof concernCodes

export interface Concern {
  readonly code: ConcernCode
  /** A sentence with its cause. */
  readonly message: string
  /** When it was first seen, RFC 3339, by the node's own wall clock. */
  readonly since: string
}

export interface ResourceStatus {
  readonly name: string
  readonly state: ResourceState
  /** When it came to that, RFC 3339, by the node's own wall clock. */
  readonly since: string
  readonly error: string | null
  /** Empty where nothing is wrong with it. */
  readonly concerns: readonly Concern[]
}

/** The duration of the last acquisition or release, with all its attempts, and its epoch. */
export interface Effort {
  /** By the node's own monotonic clock. */
  readonly seconds: number
  readonly epoch: number
}

/** An acquisition or a release that a node has published, with its duration. */
export interface Course extends Effort {
  readonly name: string
  readonly action: 'acquire' | 'release'
  /** When it ended, RFC 3339, by the node's own wall clock. */
  readonly at: string
}

/** @param efforts by resource, of those that are held or released since */
export const resourcesText = (statuses: readonly ResourceStatus[], efforts: ReadonlyMap<string, Effort> = new Map()): string =>
  JSON.stringify({ resources: statuses.map((status) => ({ ...status, ...efforts.get(status.name) })) })

/** Courses of one node, and characters of a name: they come to be in records. */
const MOST_COURSES = 64
const LONGEST_NAME = 128

/** The courses in a znode's text, in the order of acquisition; none where a node does not say, and none for a resource in any other state. */
export function parseCourses (data: string | null | undefined): readonly Course[] {
  const list = jsonObject(data)?.['resources']
  if (!Array.isArray(list)) return []
  return list.slice(0, MOST_COURSES).flatMap((raw: unknown): Course[] => {
    const { name, state, since, seconds, epoch } = (raw ?? {}) as Record<string, unknown>
    const [took, number] = [secondsOf(seconds), count(epoch)]
    const action = state === 'held' ? 'acquire' : state === 'released' ? 'release' : null
    return action === null || took === null || number === null || typeof name !== 'string' || name.length > LONGEST_NAME ? [] : [{ name, action, seconds: took, epoch: number, at: text(since) ?? '' }]
  })
}

/** The statuses in a znode's text, in the order of acquisition; null if it is absent or malformed. */
export function parseResources (data: string | null | undefined): readonly ResourceStatus[] | null {
  const list = jsonObject(data)?.['resources']
  if (!Array.isArray(list)) return null
  return list.flatMap((raw: unknown) => {
    const { name, state, since, error, concerns } = (raw ?? {}) as Record<string, unknown>
    const known = typeof state === 'string' && Object.hasOwn(resourceStates, state) ? state as ResourceState : null
    return text(name) === null || known === null ? [] : [{ name: name as string, state: known, since: text(since) ?? '', error: text(error), concerns: parseConcerns(concerns) }]
  })
}

function parseConcerns (value: unknown): readonly Concern[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((raw: unknown) => {
    const { code, message, since } = (raw ?? {}) as Record<string, unknown>
    const known = typeof code === 'string' && Object.hasOwn(concernCodes, code) ? code as ConcernCode : null
    return known === null ? [] : [{ code: known, message: text(message) ?? '', since: text(since) ?? '' }]
  })
}

/** Identities that one node publishes, and characters of each: others read this at every snapshot. */
const MOST_IDENTITIES = 64
const LONGEST_IDENTITY = 128

const isIdentity = (value: unknown): value is string => typeof value === 'string' && /^[ -~]+$/.test(value) && value.length <= LONGEST_IDENTITY

/** What a presence publishes of it, in one order for all nodes; null, which is never compared, for more than can be published whole. */
export function publishedIdentities (identities: readonly string[]): readonly string[] | null {
  const each = [...new Set(identities.map((identity) => identity.slice(0, LONGEST_IDENTITY)))].sort()
  return each.length > MOST_IDENTITIES ? null : each
}

/** Null for a node that does not say, and for a list that is not as a node writes it: one that is understood in part would make a node lack what it has. */
export const parseIdentities = (value: unknown): readonly string[] | null =>
  Array.isArray(value) && value.length <= MOST_IDENTITIES && value.every(isIdentity) ? value : null
