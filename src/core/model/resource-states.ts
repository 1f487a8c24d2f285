/** What is known of each of a node's resources, as the node publishes it in `/nodes/<n>/resources`. For people: nothing is decided on it. */
import { jsonObject, text } from './znode.ts'

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

export interface ResourceStatus {
  readonly name: string
  readonly state: ResourceState
  /** When it came to that, RFC 3339, by the node's own wall clock. */
  readonly since: string
  readonly error: string | null
}

export const resourcesText = (statuses: readonly ResourceStatus[]): string => JSON.stringify({ resources: statuses })

/** The statuses in a znode's text, in the order of acquisition; null if it is absent or malformed. */
export function parseResources (data: string | null | undefined): readonly ResourceStatus[] | null {
  const list = jsonObject(data)?.['resources']
  if (!Array.isArray(list)) return null
  return list.flatMap((raw: unknown) => {
    const { name, state, since, error } = (raw ?? {}) as Record<string, unknown>
    const known = typeof state === 'string' && Object.hasOwn(resourceStates, state) ? state as ResourceState : null
    return text(name) === null || known === null ? [] : [{ name: name as string, state: known, since: text(since) ?? '', error: text(error) }]
  })
}
