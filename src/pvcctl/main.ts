#!/usr/bin/env node
/** The process pvcctl: reads its arguments, finds an API, runs one command, and ends with its status. */
import { systemClock } from '../runtime/clock.ts'
import { standardOutput } from '../runtime/log/standard-output.ts'
import { packageVersion } from '../runtime/process/package-version.ts'
import { completionScript, type Shell } from './cli/completion.ts'
import { helpText } from './cli/help.ts'
import { commandWord, parse } from './cli/parse.ts'
import { Cluster } from './client/cluster.ts'
import { Endpoint } from './client/endpoint.ts'
import { Transport } from './client/transport.ts'
import { CHECK_UNKNOWN, unknown } from './commands/check.ts'
import { runs } from './commands/index.ts'
import { configuration } from './config/configuration.ts'
import { Console } from './output/console.ts'
import { Failure } from './output/failure.ts'
import { exitStatus } from './cli/table.ts'

async function main (args: readonly string[], console: Console): Promise<number> {
  const invocation = parse(args)
  if (invocation.kind === 'help') {
    console.print(helpText(invocation.command))
    return exitStatus('done')
  }
  if (invocation.kind === 'version') {
    console.print(`${packageVersion()}\n`)
    return exitStatus('done')
  }
  const { command, given } = invocation
  if (command.name === 'completion') {
    console.print(completionScript(given.text('SHELL') as Shell))
    return exitStatus('done')
  }
  const run = runs[command.name]
  if (run === undefined) throw new Error(`the table has a command that nothing runs: ${command.name}`)
  const { apis, key, tls, patience, warnings } = configuration(given, process.env)
  for (const text of warnings) console.say(text)
  const transport = new Transport({ clock: systemClock, tls })
  const cluster = new Cluster({
    endpoints: apis.map((url) => new Endpoint(url, key, transport)),
    clock: systemClock,
    patience,
    warn: (text) => console.say(text),
    tell: (text) => { if (given.flag('verbose')) console.say(text) },
  })
  try {
    return await run({ cluster, given, console, clock: systemClock })
  } catch (error) {
    if (given.flag('json') && error instanceof Failure && error.body !== null && error.body !== '') console.json(error.body)
    throw error
  } finally {
    transport.close()
  }
}

const args = process.argv.slice(2)
const isCheck = commandWord(args) === 'check'
const output = standardOutput({
  complain: (sentence) => console.say(sentence),
  status: () => isCheck ? CHECK_UNKNOWN : exitStatus('output'),
}, () => {
  // A lost output ends nothing that was asked for. Only `watch` has nothing else to do.
  if (commandWord(args) === 'watch') process.exit(exitStatus('done'))
})
const console = new Console(output, process.stderr, process.stdin)
process.stderr.on('error', () => {})

process.on('uncaughtException', (error) => {
  fail(error)
  process.exit()
})

try {
  process.exitCode = await main(args, console)
} catch (error) {
  fail(error)
}

/** Says why, and sets the exit status. */
function fail (error: unknown): void {
  const failure = error instanceof Failure ? error : new Failure('fault', `A fault of pvcctl; report it with this: ${error instanceof Error ? error.stack ?? error.message : String(error)}`)
  // A monitoring plugin says why on standard output, and has a status of its own.
  if (isCheck) console.print(unknown(failure.message))
  else console.say(failure.message)
  process.exitCode = isCheck ? CHECK_UNKNOWN : failure.status
}
