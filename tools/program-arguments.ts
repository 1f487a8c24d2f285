/** The arguments of this repository's own programs. `--help` prints the usage; a mistake is a sentence with the usage, and exit status 64. A lost output is 74. */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { standardOutput } from '../src/runtime/log/standard-output.ts'

/** EX_USAGE and EX_IOERR of sysexits.h. */
const USAGE = 64
const LOST_OUTPUT = 74

export interface Program {
  /** As it is asked for, `npm run demo`. */
  readonly name: string
  /** A line for each option and positional argument. */
  readonly options: readonly string[]
}

const usageOf = ({ name, options }: Program): string => [`Usage: ${name} -- [OPTION…]`, ...options.map((line) => `  ${line}`)].join('\n')

/** Says what is wrong with the arguments, and exits. */
export function misused (program: Program, message: string): never {
  console.error(`${program.name}: ${message}\n\n${usageOf(program)}`)
  process.exit(USAGE)
}

/** What `util.parseArgs` makes of the arguments of this process. */
export function programArguments<T extends ParseArgsConfig & { readonly options: NonNullable<ParseArgsConfig['options']> }> (program: Program, config: T): ReturnType<typeof parseArgs<T>> {
  standardOutput({ complain: (sentence) => console.error(`${program.name}: ${sentence}`), status: () => LOST_OUTPUT })
  if (process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')) {
    console.log(usageOf(program))
    process.exit(0)
  }
  try {
    return parseArgs(config)
  } catch (error) {
    // Its first sentence names the argument; the rest is advice about parseArgs.
    return misused(program, (error as Error).message.split('. ', 1)[0] ?? '')
  }
}

/** The number that an option has, or `fallback` if it is not given. Exits for what is no number of at least `least`. */
export function numberOption (program: Program, option: string, text: string | undefined, fallback: number, least?: number): number
export function numberOption (program: Program, option: string, text: string | undefined, fallback?: undefined, least?: number): number | undefined
export function numberOption (program: Program, option: string, text: string | undefined, fallback?: number, least = 0): number | undefined {
  if (text === undefined) return fallback
  const number = Number(text)
  return /^\d+(?:\.\d+)?$/.test(text) && number >= least ? number : misused(program, `--${option} has to be a number of at least ${least}, not "${text}".`)
}
