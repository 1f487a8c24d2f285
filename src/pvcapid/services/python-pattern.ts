/**
 * A regular expression in Python's dialect, as PVC's `limit` is one, in the words of an engine that takes linear time (RE2). Syntax with an
 * equivalent is translated; syntax that such an engine cannot match is refused by name. Names of nodes are what is matched: 65 characters, and no line feed.
 */
import { RE2JS } from 're2js'

/** Why a pattern is refused, as a sentence without its full stop. */
export class PatternFault extends Error {}

const beyond = (what: string, at: number) =>
  new PatternFault(`the ${what} at character ${at + 1} cannot be matched in linear time, and nothing else is spent on a pattern`)

const mayDiffer = (what: string, at: number) =>
  new PatternFault(`the ${what} at character ${at + 1} may change what fits, and then cannot be matched in linear time: use the ordinary form`)

interface Token {
  readonly kind: 'atom' | 'quantifier' | 'open' | 'close' | 'or' | 'end' | 'assertion'
  readonly text: string
  readonly at: number
  /** Of an atom that stands for one character. */
  readonly single?: true
  /** Of a quantifier that gives nothing back, or a group. */
  readonly possessive?: true
  /** Of a quantifier that takes none as well. */
  readonly optional?: boolean
}

/** Groups that a linear-time engine has no counterpart of. */
const refusedGroups: ReadonlyArray<readonly [RegExp, string]> = [
  [/^\(\?=/, 'look-ahead `(?=`'],
  [/^\(\?!/, 'look-ahead `(?!`'],
  [/^\(\?<=/, 'look-behind `(?<=`'],
  [/^\(\?<!/, 'look-behind `(?<!`'],
  [/^\(\?P=/, 'back-reference `(?P=`'],
  [/^\(\?\(/, 'condition `(?(`'],
]
const QUANTIFIER = /^(?:[*+?]|\{(?:\d+(?:,\d*)?|,\d*)\})/
const FLAGS = /^\(\?([aimsuxL]*)(?:-([imsx]+))?([:)])/
/** The engine takes no larger count; a name has at most 65 characters. */
export const MOST_REPEATS = 1_000
const ESCAPES = 'dDsSwWafnrtvx'
const ALPHABET = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-']

/** One escape of Python's, translated for RE2. */
function escape (rest: string, at: number, isInClass: boolean): { readonly text: string, readonly length: number } {
  const code = (digits: string, base: number, length: number) => ({ text: `\\x{${parseInt(digits, base).toString(16)}}`, length })
  const unicode = /^\\u([0-9a-fA-F]{4})/.exec(rest) ?? /^\\U([0-9a-fA-F]{8})/.exec(rest)
  if (unicode !== null) return code(unicode[1] as string, 16, unicode[0].length)
  const octal = (isInClass ? /^\\([0-7]{1,3})/ : /^\\(0[0-7]{0,2}|[0-3][0-7]{2})/).exec(rest)
  if (octal !== null) return code(octal[1] as string, 8, octal[0].length)
  if (rest.startsWith('\\N{')) throw new PatternFault(`the character at character ${at + 1} is given by its Unicode name, which is not looked up here: write the character itself`)
  const reference = /^\\\d+/.exec(rest)
  if (reference !== null) throw beyond(`back-reference \`${reference[0]}\``, at)
  const letter = rest[1]
  if (letter === undefined) throw new PatternFault('the backslash at its end escapes nothing')
  if (letter === 'b' && isInClass) return { text: '\\x{8}', length: 2 }
  if (/[a-zA-Z]/.test(letter) && !ESCAPES.includes(letter)) throw new PatternFault(`there is no escape \`\\${letter}\` (character ${at + 1})`)
  return { text: `\\${letter}`, length: 2 }
}

/** A character class from its bracket on. */
function characterClass (pattern: string, from: number): { readonly text: string, readonly length: number } {
  let at = from + 1
  let text = '['
  if (pattern[at] === '^') text += pattern[at++]
  for (let isFirst = true; at < pattern.length; isFirst = false) {
    const character = pattern[at] as string
    if (character === ']' && !isFirst) return { text: `${text}]`, length: at + 1 - from }
    if (character === '\\') {
      const escaped = escape(pattern.slice(at), at, true)
      text += escaped.text
      at += escaped.length
    } else {
      // `[[:alpha:]]` is a class of its characters to Python.
      text += character === '[' || character === ']' ? `\\${character}` : character
      at += 1
    }
  }
  throw new PatternFault(`the character class at character ${from + 1} has no end`)
}

function quantifier (rest: string, at: number): Token & { readonly length: number } {
  const [given] = QUANTIFIER.exec(rest) as RegExpExecArray
  const text = given.replace('{,}', '*').replace('{,', '{0,')
  if ((given.match(/\d+/g) ?? []).some((count) => Number(count) > MOST_REPEATS)) throw new PatternFault(`the repetition \`${given}\` at character ${at + 1} is larger than ${MOST_REPEATS}, the most that is taken here`)
  const suffix = rest[given.length]
  return {
    kind: 'quantifier',
    text: suffix === '?' ? `${text}?` : text,
    at,
    ...suffix === '+' ? { possessive: true } : {},
    optional: /^(?:[*?]|\{0+[,}])/.test(text),
    length: given.length + (suffix === '?' || suffix === '+' ? 1 : 0),
  }
}

/** The group that begins at `at`, or a comment or flags, which are none. */
/** @param isBegun whether nothing but flags and comments stands before it */
function group (rest: string, at: number, isBegun: boolean): { readonly token: Token | null, readonly length: number, readonly verbose?: true } {
  for (const [form, what] of refusedGroups) if (form.test(rest)) throw beyond(what, at)
  const comment = /^\(\?#[^)]*\)/.exec(rest)
  if (comment !== null) return { token: null, length: comment[0].length }
  if (rest.startsWith('(?>')) return { token: { kind: 'open', text: '(?:', at, possessive: true }, length: 3 }
  const named = /^\(\?P<[^\W\d]\w*>/.exec(rest)
  if (named === null && rest.startsWith('(?P<')) throw new PatternFault(`the group at character ${at + 1} has a name that is none in Python`)
  if (named !== null) return { token: { kind: 'open', text: '(?:', at }, length: named[0].length }
  const flags = FLAGS.exec(rest)
  if (flags !== null) {
    const [form, on = '', off = '', end] = flags
    const isScoped = end === ':'
    if (on.includes('L')) throw new PatternFault(`the flag L at character ${at + 1} is for patterns of bytes alone`)
    if (!isScoped && at > 0 && !isBegun) throw new PatternFault(`the flags at character ${at + 1} are for the whole pattern, and have to stand at its start`)
    // Python takes such flags out before anything is repeated.
    if (!isScoped && QUANTIFIER.test(rest.slice(form.length))) throw new PatternFault(`there is nothing to repeat at character ${at + form.length + 1}`)
    if ((on.includes('x') && isScoped) || off.includes('x')) throw new PatternFault(`the flag x at character ${at + 1} can be set for the whole pattern alone`)
    // Of characters in names, a, u and L mean nothing.
    const text = `(?${on.replace(/[auLx]/g, '')}${off === '' ? '' : `-${off}`}${end}`
    const kind = isScoped ? 'open' : 'assertion'
    return { token: text === '(?)' ? null : { kind, text, at }, length: form.length, ...on.includes('x') ? { verbose: true } : {} }
  }
  if (rest.startsWith('(?')) throw new PatternFault(`there is no group \`${rest.slice(0, 3)}\` (character ${at + 1})`)
  return { token: { kind: 'open', text: '(?:', at }, length: 1 }
}

function tokens (pattern: string): readonly Token[] {
  const found: Token[] = []
  let verbose = false
  for (let at = 0; at < pattern.length;) {
    const rest = pattern.slice(at)
    const character = rest[0] as string
    const ignored = verbose ? /^(?:\s+|#[^\n]*)/.exec(rest) : null
    if (ignored !== null) {
      at += ignored[0].length
    } else if (character === '\\') {
      const assertion = /^\\[AbBZ]/.exec(rest)
      const escaped = assertion === null ? escape(rest, at, false) : null
      if (escaped === null) found.push(rest[1] === 'Z' ? { kind: 'end', text: '\\z', at } : { kind: 'assertion', text: rest.slice(0, 2), at })
      else found.push({ kind: 'atom', text: escaped.text, at, single: true })
      at += escaped?.length ?? 2
    } else if (character === '[') {
      const { text, length } = characterClass(pattern, at)
      found.push({ kind: 'atom', text, at, single: true })
      at += length
    } else if (character === '(') {
      const { token, length, verbose: sets } = group(rest, at, found.every(({ kind, text }) => kind === 'assertion' && text.startsWith('(?')))
      if (token !== null) found.push(token)
      verbose ||= sets === true
      at += length
    } else if (QUANTIFIER.test(rest)) {
      const { length, ...token } = quantifier(rest, at)
      found.push(token)
      at += length
    } else {
      const kinds: Readonly<Record<string, Token['kind']>> = { ')': 'close', '|': 'or', $: 'end', '^': 'assertion' }
      const kind = kinds[character] ?? 'atom'
      found.push({ kind, text: '{}'.includes(character) ? `\\${character}` : character, at, ...kind === 'atom' ? { single: true as const } : {} })
      at += 1
    }
  }
  return found
}

/** The characters of names that an atom stands for. */
function charactersOf (atom: Token, ignoresCase: boolean): ReadonlySet<string> {
  const compiled = RE2JS.compile(`${ignoresCase ? '(?i)' : ''}${atom.text}`)
  return new Set(ALPHABET.filter((character) => compiled.matches(character)))
}

/** Where the group ends that the token at `from` is in. */
function endOfGroup (list: readonly Token[], from: number): number {
  for (let at = from, depth = 0; at < list.length; at++) {
    const { kind } = list[at] as Token
    if (kind === 'open') depth += 1
    else if (kind === 'close' && --depth < 0) return at
  }
  return list.length
}

/** Where the group begins that ends at `end`. */
function beginOfGroup (list: readonly Token[], end: number): number {
  for (let at = end - 1, depth = 0; at >= 0; at--) {
    const { kind } = list[at] as Token
    if (kind === 'close') depth += 1
    else if (kind === 'open' && --depth < 0) return at
  }
  return 0
}

/** The first character of a group of single characters, which matches in one way or not at all; undefined for any other. */
function oneWay (list: readonly Token[], begin: number, end: number): Token | undefined {
  const inside = list.slice(begin + 1, end)
  return inside.every(({ single }) => single !== undefined) ? inside[0] : undefined
}

/** Whether it makes no difference that the possessive quantifier at `index` gives nothing back: nothing that follows could use it. */
function givesNothingAway (list: readonly Token[], index: number, ignoresCase: boolean): boolean {
  const last = list[index - 1]
  // A group that can match in one way alone is given back whole or not at all: only what begins as it does could use it.
  const atom = last?.kind === 'close' ? oneWay(list, beginOfGroup(list, index - 1), index - 1) : last
  if (atom?.single === undefined) return false
  const taken = charactersOf(atom, ignoresCase)
  for (let at = index + 1; at < list.length; at++) {
    const token = list[at] as Token
    const next = list[at + 1]
    if (token.kind === 'end') return true
    if (token.kind === 'or') at = endOfGroup(list, at) - 1
    else if (token.kind === 'close') {
      if (next?.kind === 'quantifier') return false
    } else if (token.single === undefined) {
      return false
    } else {
      const isRepeated = next?.kind === 'quantifier'
      if (token.text === '.' && isRepeated && next.text === '*') return list[at + 2] === undefined || list[at + 2]?.kind === 'end'
      for (const character of charactersOf(token, ignoresCase)) if (taken.has(character)) return false
      if (!isRepeated || next.optional !== true) return true
      at += 1
    }
  }
  return true
}

/** @throws PatternFault */
export function translatedPattern (pattern: string): string {
  const list = tokens(pattern)
  const ignoresCase = list.some(({ kind, text }) => kind !== 'atom' && /^\(\?[a-z]*i/.test(text))
  const isOpenEnded = !pattern.includes('$')
  for (const [index, { kind, at, possessive }] of list.entries()) {
    if (possessive !== true) continue
    const end = endOfGroup(list, index + 1)
    const isSame = kind === 'quantifier' ? givesNothingAway(list, index, ignoresCase) : oneWay(list, index, end) !== undefined || (isOpenEnded && end === list.length - 1)
    if (!isSame) throw mayDiffer(kind === 'quantifier' ? 'possessive quantifier' : 'atomic group `(?>`', at)
  }
  return list.map(({ text }) => text).join('')
}
