/**
 * Files that hold keys, and that others than their owner and group may read or change: a warning for each, with its mode. A file that cannot be
 * looked at is no matter of this; the code that reads it says so.
 */
import { statSync } from 'node:fs'
import type { TSchema } from 'typebox'
import { parse } from 'yaml'
import { readConfigText } from './config-file.ts'
import type { ConfigProblem } from './config-problem.ts'

interface SchemaNode {
  readonly secret?: boolean
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
}

/** Whether `value` has a setting that its schema calls secret. */
function holdsSecret ({ secret, properties = {}, items, anyOf = [] }: SchemaNode, value: unknown): boolean {
  if (value === undefined || value === null) return false
  if (secret === true) return true
  if (Array.isArray(value)) return items !== undefined && value.some((entry) => holdsSecret(items, entry))
  return anyOf.some((variant) => holdsSecret(variant, value)) ||
    (typeof value === 'object' && Object.entries(properties).some(([name, schema]) => Object.hasOwn(value, name) && holdsSecret(schema, (value as Record<string, unknown>)[name])))
}

/**
 * A sentence on a file that others than its owner and group may read or change; null if there is nothing to say.
 * @param what the file is, as the verb of a sentence: `holds keys`
 */
export function exposure (file: string, what: string): string | null {
  let mode
  try {
    mode = statSync(file).mode & 0o7777
  } catch {
    return null
  }
  const others = mode & 0o006
  if (others === 0) return null
  const may = others === 0o006 ? 'read and change' : others === 0o004 ? 'read' : 'change'
  return `${file} ${what}, and every user of this machine may ${may} it (mode ${mode.toString(8).padStart(4, '0')}); run chmod o= ${file}.`
}

function exposed (file: string, place: ConfigProblem, what: string): readonly ConfigProblem[] {
  const message = exposure(file, what)
  return message === null ? [] : [{ ...place, message }]
}

/** @param keyFiles further files that hold keys, by the settings that name them */
export function exposureProblems (file: string, schema: TSchema, keyFiles: Readonly<Record<string, string>> = {}): readonly ConfigProblem[] {
  const place = (path: string): ConfigProblem => ({ code: 'config_exposed', severity: 'warning', file, line: 0, column: 0, path, message: '' })
  let value: unknown
  try {
    value = parse(readConfigText(file))
  } catch {
    return []
  }
  return [
    ...holdsSecret(schema as SchemaNode, value) ? exposed(file, place(''), 'holds keys') : [],
    ...Object.entries(keyFiles).flatMap(([path, name]) => exposed(name, place(path), 'is a private key')),
  ]
}
