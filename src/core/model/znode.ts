import { parseJson } from './json-text.ts'

/** One znode as read: its text and the parts of its stat that decisions rest on. */
export interface Znode {
  readonly data: string
  /** Number of changes of the data since it was made; what a versioned write expects. */
  readonly version: number
  /** Transaction that made it: another one means another znode of the same name. */
  readonly czxid: string
  /** Transaction of its last change. */
  readonly mzxid: string
  /** When it was last changed, RFC 3339, by the ensemble's wall clock. For people only. */
  readonly modified: string
  /** Session that owns it, or '' for a persistent one. */
  readonly owner: string
}

/** Reads a JSON object, or null for anything else: a malformed value is that znode's failure alone. */
export function jsonObject (text: string | null | undefined): Record<string, unknown> | null {
  if (text == null || text === '') return null
  const parsed = parseJson(text)
  const value = parsed.ok ? parsed.value : null
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : null
}

export const text = (value: unknown): string | null => typeof value === 'string' ? value : null
export const count = (value: unknown): number | null => Number.isSafeInteger(value) && (value as number) >= 0 ? value as number : null
/** A number of seconds; null for anything else, and for what JSON cannot say. */
export const secondsOf = (value: unknown): number | null => typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : null

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
/** Whether it is RFC 3339 as this project writes it, and can be put in order with others as it is. */
export const isMoment = (value: unknown): value is string => typeof value === 'string' && MOMENT.test(value)

export const texts = (value: unknown): readonly string[] => Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []
