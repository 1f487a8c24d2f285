/**
 * What can be wrong with a configuration file, and how it is shown: one line each, in the order of the file, with the
 * place, the setting and a sentence. The codes are stable.
 */
import { exitStatus } from './exit-status.ts'

/** Code → what it means. A code, once published, keeps its meaning. */
export const configProblems = {
  config_unreadable: 'The file is missing or may not be read.',
  config_syntax: 'The text is not YAML.',
  config_of_pvc: 'The file is one of PVC\'s own: which format, and which of its settings have a place in ours.',
  config_unknown: 'A setting that does not exist.',
  config_missing: 'A setting that must be there is not.',
  config_invalid: 'A value of the wrong type, form or size.',
  config_exposed: 'As a warning: a file that holds keys may be read or changed by every user of the machine.',
  config_host: 'What the configuration names is missing on this machine, or cannot be used: a device, a program, a unit, the address of a server, an address to listen on.',
  config_placeholder: 'As a warning: a value that stands in the example and was not replaced.',
  certificate_expires: 'As a warning: the certificate ends within 14 days, or has ended.',
  config_relation: 'Settings that do not go together; as a warning, settings that weaken each other.',
} as const
export type ConfigProblemCode = keyof typeof configProblems

export interface ConfigProblem {
  readonly code: ConfigProblemCode
  readonly severity: 'error' | 'warning'
  readonly file: string
  /** Counted from 1; both are 0 if the problem has no place in the file. */
  readonly line: number
  readonly column: number
  /** The setting as a path, for example `pvc.coordinator.resources[0].name`; empty if it concerns the whole file. */
  readonly path: string
  readonly message: string
}

/** A step into a YAML document: a key of a mapping or an index of a list. */
export type Segment = string | number

/** `['pvc', 'resources', 0, 'name']` → `pvc.resources[0].name`. */
export function pathText (segments: readonly Segment[]): string {
  return segments.map((segment, index) =>
    typeof segment === 'number' ? `[${segment}]` : index === 0 ? segment : `.${segment}`).join('')
}

/** The inverse of `pathText`. */
export function pathSegments (path: string): Segment[] {
  return [...path.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map((match) => match[1] === undefined ? match[0] : Number(match[1]))
}

/** `file:line:column: [warning: ]path: sentence`. */
export function problemText (problem: ConfigProblem): string {
  const place = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}:${problem.column}`
  const subject = problem.path === '' ? '' : `${problem.path}: `
  return `${place}: ${problem.severity === 'warning' ? 'warning: ' : ''}${subject}${problem.message}`
}

const counted = (count: number, noun: string): string => count === 1 ? `${noun === 'error' ? 'an' : 'a'} ${noun}` : `${count} ${noun}s`

/**
 * What `--check` says at last.
 * @param isStrict whether a warning counts as an error
 */
export function verdict (file: string, problems: readonly ConfigProblem[], isStrict = false): string {
  if (problems.length === 0) return `${file}: good`
  const errors = problems.filter(({ severity }) => severity === 'error').length
  const warnings = problems.length - errors
  if (errors > 0) return `${file}: cannot be used: ${counted(errors, 'error')}${warnings === 0 ? '' : ` and ${counted(warnings, 'warning')}`}`
  return isStrict ? `${file}: refused by --strict, with ${counted(warnings, 'warning')}` : `${file}: can be used, with ${counted(warnings, 'warning')}`
}

/**
 * Writes every problem through `write` (a line with its newline each) and answers the exit code they call for: 78 if one is an error, else 0.
 * @param isStrict whether a warning counts as an error
 */
export function reportProblems (problems: readonly ConfigProblem[], write: (text: string) => void, isStrict = false): number {
  for (const problem of problems) write(`${problemText(problem)}\n`)
  return problems.some((problem) => isStrict || problem.severity === 'error') ? exitStatus('configuration') : 0
}

/** The known word nearest to `word`, if it is near enough to be what was meant. */
export function nearest (word: string, known: readonly string[]): string | undefined {
  let best: { word: string, distance: number } | undefined
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance <= Math.max(1, Math.floor(candidate.length / 3)) && (best === undefined || distance < best.distance)) best = { word: candidate, distance }
  }
  return best?.word
}

/** How many letters must be put in, left out, replaced or swapped with their neighbour (Damerau and Levenshtein, each letter edited once). */
function editDistance (a: string, b: string): number {
  let before: readonly number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1), isSwapped ? (before[j - 2] ?? 0) + 1 : Infinity)
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}
