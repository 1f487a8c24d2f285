/**
 * Loads a daemon's YAML configuration file.
 *
 * Guarantees: never throws for what a file can hold; answers either a value of the schema's type with every default
 * filled in, or every error at once, each with its place. Unknown settings and duplicate keys are errors. A relation
 * between settings is judged whenever the settings it names are sound, however wrong the rest of the file is.
 * Does not convert units: the value is as the file has it.
 */
import type { Static, TSchema } from 'typebox'
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Document, Node } from 'yaml'
import { readConfigText, UnreadableFile } from './config-file.ts'
import { pathSegments, pathText } from './config-problem.ts'
import type { ConfigProblem, Segment } from './config-problem.ts'
import { checkValue } from './config-schema.ts'
import { pvcFileFindings } from './pvc-files.ts'
import { likelyCause } from './yaml-cause.ts'

/** What a relation found. `path` is the setting to point at; a finding is an error unless it says `warning`. */
export interface Finding {
  readonly path: string
  readonly message: string
  readonly severity?: 'error' | 'warning'
}

/** A rule between settings. */
export interface Relation<Value> {
  /** The settings it reads, for example `pvc.coordinator.lock_timeout`. It is not judged if one of these, or anything in them, is wrong. */
  readonly reads: readonly string[]
  /** The rule as a sentence, for the reference of the settings. */
  readonly rule: string
  /** What is wrong, nothing if all is well. May read only what `reads` names: the rest of the value may have any type. */
  readonly judge: (value: Value) => readonly Finding[]
}

export type ConfigResult<Value> =
  /** `problems` are warnings only. `placed` gives a problem that was found elsewhere the place of its setting, where the file has that. */
  | { readonly ok: true, readonly value: Value, readonly problems: readonly ConfigProblem[], readonly placed: (problem: ConfigProblem) => ConfigProblem }
  /** At least one of `problems` is an error; in the order of the file. */
  | { readonly ok: false, readonly problems: readonly ConfigProblem[] }

/** Reads and checks `file`; a file that is missing or cannot be read is an error like any other. */
export function loadConfig<Schema extends TSchema> (file: string, schema: Schema, relations: ReadonlyArray<Relation<Static<Schema>>>): ConfigResult<Static<Schema>> {
  let text
  try {
    text = readConfigText(file)
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error
    return { ok: false, problems: [{ code: 'config_unreadable', severity: 'error', file, line: 0, column: 0, path: '', message: `This file ${error.reason}.${error.isForbidden ? '' : ' Put the configuration there, or name another file with --config at the start.'}` }] }
  }
  return parseConfig(text, file, schema, relations)
}

/** Checks the text of a configuration; `file` is only shown. */
export function parseConfig<Schema extends TSchema> (text: string, file: string, schema: Schema, relations: ReadonlyArray<Relation<Static<Schema>>>): ConfigResult<Static<Schema>> {
  const deep = tooDeep(text)
  if (deep !== null) return failed([{ code: 'config_syntax', severity: 'error', file, line: deep, column: 1, path: '', message: `This nests more than ${DEEPEST} levels deep; a bracket may be missing.` }])
  const lines = new LineCounter()
  let document: Document
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  } catch (error) {
    // Nested too deeply for the parser's stack.
    return failed([{ code: 'config_syntax', severity: 'error', file, line: 1, column: 1, path: '', message: syntaxSentence(error instanceof Error ? error.message : String(error)) }])
  }
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { file, line, column: col }
  }
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0) {
    const cause = likelyCause(text)
    if (cause !== null) return failed([{ code: 'config_syntax', severity: 'error', file, line: cause.line, column: cause.column, path: '', message: `This is not valid YAML: ${cause.message}` }])
    // Behind the first place that cannot be read, no fault says anything of the file.
    const broken = faults.toSorted((a, b) => a.pos[0] - b.pos[0]).find(({ code }) => code !== 'DUPLICATE_KEY')
    return failed((broken === undefined ? faults : [broken]).map((fault) => ({ code: 'config_syntax', severity: 'error', ...place(fault.pos[0]), path: '', message: syntaxSentence(fault.message, fault.code) })))
  }
  let plain: unknown
  try {
    plain = document.toJS()
  } catch (error) {
    return failed([{ code: 'config_syntax', severity: 'error', ...place(0), path: '', message: syntaxSentence(error instanceof Error ? error.message : String(error)) }])
  }

  const ofPvc = pvcFileFindings(plain, schema)
  if (ofPvc !== null) return failed(ofPvc.map(({ path, message }) => ({ code: 'config_of_pvc', severity: 'error', ...place(offsetOf(document, pathSegments(path))), path, message })))
  const { value, violations } = checkValue(schema, plain ?? {})
  const [first] = violations
  if (document.contents === null && first !== undefined) return failed([{ code: first.code, severity: 'error', ...place(0), path: pathText(first.path), message: `This file is empty, or holds nothing but comments. ${first.message}` }])
  const problems: ConfigProblem[] = violations.map(({ code, path, message }) =>
    ({ code, severity: 'error', ...place(offsetOf(document, path)), path: pathText(path), message }))
  const unsound = violations.map(({ path }) => path)
  for (const { reads, judge } of relations) {
    if (reads.some((path) => unsound.some((wrong) => touches(wrong, pathSegments(path))))) continue
    for (const { path, message, severity = 'error' } of judge(value as Static<Schema>)) {
      // A default that does not go with what the file says is shown where the file says it.
      const shown = [path, ...reads].map((candidate) => pathSegments(candidate)).find((candidate) => isGiven(document, candidate))
      problems.push({ code: 'config_relation', severity, ...place(offsetOf(document, shown ?? pathSegments(path))), path, message })
    }
  }
  problems.sort((a, b) => a.line - b.line || a.column - b.column)
  if (problems.some(({ severity }) => severity === 'error')) return failed(problems)
  const placed = (problem: ConfigProblem): ConfigProblem => {
    const path = pathSegments(problem.path)
    return path.length > 0 && isGiven(document, path) ? { ...problem, ...place(offsetOf(document, path)) } : problem
  }
  return { ok: true, value: value as Static<Schema>, problems, placed }
}

function failed (problems: readonly ConfigProblem[]): { ok: false, problems: readonly ConfigProblem[] } {
  return { ok: false, problems }
}

/** The parser's messages begin with a capital and sometimes lack the full stop. What they quote of the file is left out: it can be a key. */
function syntaxSentence (message: string, code?: string): string {
  if (code === 'MULTIPLE_DOCS') return 'This file holds more than one document: a line `---` ends the first. Leave one, without `---` behind it.'
  const [, open] = /^Flow (map|sequence) in block collection/.exec(message) ?? []
  if (open !== undefined) return `This is not valid YAML: A ${open === 'map' ? '{ before this place has no }' : '[ before this place has no ]'}, or what is between them is indented too little.`
  return `This is not valid YAML: ${message.replace(/(?:: | directive ).*$/s, '').replace(/^Unexpected \S{2,} in /, 'Unexpected text in ').replace(/\.$/, '')}.`
}

/** Levels of nesting in a configuration, far more than any has; the parser's time grows with their square. */
const DEEPEST = 64

/** The line from which on `text` nests too deeply, or null. Brackets count wherever they stand: so many in a row stand nowhere else. */
function tooDeep (text: string): number | null {
  let depth = 0
  for (const [index, line] of text.split('\n').entries()) {
    for (const character of line) {
      if (character === '[' || character === '{') depth += 1
      else if ((character === ']' || character === '}') && depth > 0) depth -= 1
      if (depth > DEEPEST) return index + 1
    }
    if (new RegExp(`^\\s*(?:[-?:]\\s+){${DEEPEST}}`).test(line)) return index + 1
  }
  return null
}

/** Whether one path is the other or lies in it. */
function touches (a: readonly Segment[], b: readonly Segment[]): boolean {
  return a.slice(0, b.length).every((segment, index) => segment === b[index])
}

/** Whether the file itself has the setting. */
function isGiven (document: Document, path: readonly Segment[]): boolean {
  return steps(document, path).length === path.length
}

/** Where a setting stands: its key if it is in a mapping, its value in a list; what it would stand in if it is absent. */
function offsetOf (document: Document, path: readonly Segment[]): number {
  return steps(document, path).at(-1) ?? (document.contents as Node | null)?.range?.[0] ?? 0
}

/** The offsets of a path's segments, as far as the file has them. */
function steps (document: Document, path: readonly Segment[]): number[] {
  const offsets: number[] = []
  let node = document.contents as Node | null
  for (const segment of path) {
    if (isAlias(node)) node = node.resolve(document) ?? null
    let found: Node | null
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment))
      found = (pair?.key ?? null) as Node | null
      node = (pair?.value ?? null) as Node | null
    } else {
      found = isSeq(node) ? (node.items[Number(segment)] ?? null) as Node | null : null
      node = found
    }
    if (found === null) break
    offsets.push(found.range?.[0] ?? 0)
  }
  return offsets
}
