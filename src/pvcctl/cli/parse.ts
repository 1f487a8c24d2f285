/** The command line, judged by the table: an unknown, repeated or empty argument is an error, never something that is passed over. */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { nearest } from '../../runtime/config/config-problem.ts'
import { Failure } from '../output/failure.ts'
import { choices, commands, globalOptions, type Command, type Option, type ValueKind } from './table.ts'

/** The values that were given, by the names of the table. */
export class Arguments {
  readonly #values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>

  constructor (values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>) {
    this.#values = values
  }

  flag (name: string): boolean { return this.#values[name] === true }

  text (name: string): string | undefined {
    const value = this.#values[name]
    return typeof value === 'string' ? value : undefined
  }

  number (name: string): number | undefined {
    const text = this.text(name)
    return text === undefined ? undefined : Number(text)
  }

  list (name: string): readonly string[] {
    const value = this.#values[name]
    return Array.isArray(value) ? value as readonly string[] : []
  }
}

export type Invocation =
  | { readonly kind: 'run', readonly command: Command, readonly given: Arguments }
  /** Of one command, or of pvcctl itself. */
  | { readonly kind: 'help', readonly command: Command | null }
  | { readonly kind: 'version' }

type Config = NonNullable<ParseArgsConfig['options']>

const asConfig = (options: readonly Option[]): Config => Object.fromEntries(options.map(({ name, short, value }) =>
  // All are lists here, so that what is given twice is seen.
  [name, value === undefined ? { type: 'boolean', ...short === undefined ? {} : { short }, multiple: true } : { type: 'string', ...short === undefined ? {} : { short }, multiple: true }]))

/** Every option of every command: for finding the command among the values of options. */
const allOptions = [...globalOptions, ...commands.flatMap(({ options }) => options)]

const usage = (message: string, command?: Command): Failure => new Failure('usage', `${message} See pvcctl ${command === undefined ? '' : `${command.name} `}--help.`)

const loosely = (args: readonly string[]) => parseArgs({ args: [...args], options: asConfig(allOptions), strict: false, allowPositionals: true })

/** The word that names the command, whatever else is wrong. */
export const commandWord = (args: readonly string[]): string | undefined => loosely(args).positionals[0]

/** @throws Failure `usage` */
export function parse (args: readonly string[]): Invocation {
  const loose = loosely(args)
  const [word, ...rest] = loose.positionals
  const asked = (name: string) => loose.values[name] !== undefined
  if (word === undefined) {
    judged(args, globalOptions)
    if (asked('version')) return { kind: 'version' }
    if (asked('help')) return { kind: 'help', command: null }
    throw usage(`No command was given; there are ${commands.map(({ name }) => name).join(', ')}.`)
  }
  const command = commands.find(({ name }) => name === word)
  if (command === undefined) {
    // The value of a misspelt option reads as a command.
    parsed(args, allOptions)
    const meant = nearest(word, commands.map(({ name }) => name))
    throw usage(`There is no command "${word}"; ${meant === undefined ? `there are ${commands.map(({ name }) => name).join(', ')}.` : `did you mean "${meant}"?`}`)
  }
  if (asked('help')) return { kind: 'help', command }
  const values = judged(args, [...globalOptions, ...command.options], command)
  if (asked('version')) return { kind: 'version' }
  const missing = command.arguments[rest.length]
  if (missing !== undefined) throw usage(`${command.name} needs ${missing.name}.`, command)
  const [extra] = rest.slice(command.arguments.length)
  if (extra !== undefined) throw usage(`"${extra}" is one argument too many for ${command.name}.`, command)
  for (const [index, { name, kind }] of command.arguments.entries()) {
    values[name] = valid(name, kind, rest[index] ?? '', command)
  }
  return { kind: 'run', command, given: new Arguments(values) }
}

function parsed (args: readonly string[], options: readonly Option[], command?: Command) {
  try {
    return parseArgs({ args: [...args], options: asConfig(options), allowPositionals: true }).values
  } catch (error) {
    // Its first sentence names the argument; the rest is advice about parseArgs.
    const message = ((error as Error).message.split(/\. |\n/, 1)[0] ?? '').replace(/\.$/, '')
    const [, unknown] = /^Unknown option '--([^']*)'$/.exec(message) ?? []
    const meant = unknown === undefined ? undefined : nearest(unknown, options.map(({ name }) => name))
    throw usage(meant === undefined ? `${message}.` : `${message}; did you mean "--${meant}"?`, command)
  }
}

function judged (args: readonly string[], options: readonly Option[], command?: Command): Record<string, string | boolean | readonly string[]> {
  const values = parsed(args, options, command)
  for (const { name, excludes = [] } of options) {
    const other = values[name] === undefined ? undefined : excludes.find((each) => values[each] !== undefined)
    if (other !== undefined) throw usage(`--${name} and --${other} exclude each other; give one of them.`, command)
  }
  return Object.fromEntries(Object.entries(values).map(([name, given]) => {
    const list = given as ReadonlyArray<string | boolean>
    const { kind = 'text', value, repeated } = options.find((option) => option.name === name) as Option
    if (value === undefined) return [name, true]
    if (list.length > 1 && repeated !== true) throw usage(`--${name} is given ${list.length} times; give it once.`, command)
    const texts = list.map((each) => valid(`--${name}`, kind, String(each), command))
    return [name, repeated === true ? texts : texts[0] as string]
  }))
}

const forms: Readonly<Partial<Record<ValueKind, readonly [RegExp, string]>>> = {
  node: [/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'the name of a node'],
  epoch: [/^\d{1,10}$/, 'an epoch, a whole number'],
  count: [/^(?!0+$)\d{1,4}$/, 'a whole number from 1 to 1000'],
  seconds: [/^(?!0*\.?0*$)\d+(?:\.\d+)?$/, 'a number of seconds above 0'],
}

function valid (name: string, kind: ValueKind, text: string, command: Command | undefined): string {
  if (text === '') throw usage(`${name} is empty.`, command)
  const words = choices[kind]
  if (words !== undefined && !words.includes(text)) throw usage(`${name} has to be one of ${words.join(', ')}, not "${text}".`, command)
  const [form, what] = forms[kind] ?? []
  if (form?.test(text) === false || (kind === 'count' && Number(text) > 1_000)) throw usage(`${name} has to be ${what ?? ''}, not "${text}".`, command)
  if (kind === 'url' && !/^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : '')) throw usage(`${name} has to be an address as http://hv1:7370, not "${text}".`, command)
  return text
}
