/**
 * A real cluster under fire. `npm run chaos -- --minutes 30`: phases and faults by chance, with clients that ask for switchovers besides;
 * `--matrix`: every boundary of every phase with every fault, `--rounds` times each (3), as a table. `--only TEXT` takes the pairs whose names
 * contain it, `--lanes N` plays on so many clusters at once (1), `--seed` repeats the choices (not their timing). Exits 1 at a violation, or when a
 * cluster did not come to rest.
 */
import { randomBytes } from 'node:crypto'
import { Arena, NODES } from './arena.ts'
import { Clients } from './clients.ts'
import { faults, type Fault } from './faults.ts'
import { moments, type Moment } from './moments.ts'
import { playRound, SETTLING } from './round.ts'
import { judge, type Impairment, type Verdict } from './verdict.ts'
import { Random } from '../simulate/random.ts'
import { misused, numberOption, programArguments, type Program } from '../../tools/program-arguments.ts'

const program: Program = {
  name: 'npm run chaos',
  options: ['--minutes N  phases and faults by chance for so long (30)', '--matrix     every boundary of every phase with every fault', '--rounds N   of the matrix (3)', '--only TEXT  the pairs with this in their names', '--lanes N    clusters at once (1)', '--seed TEXT  the same choices again'],
}
const { values } = programArguments(program, {
  options: { minutes: { type: 'string', default: '30' }, matrix: { type: 'boolean', default: false }, rounds: { type: 'string', default: '3' }, lanes: { type: 'string', default: '1' }, only: { type: 'string', default: '' }, seed: { type: 'string' } },
})
const seed = values.seed ?? randomBytes(4).toString('hex')
const chance = new Random(seed)
const pick = (count: number) => Math.floor(chance.between(0, count))

interface Pair { readonly moment: Moment, readonly fault: Fault }
const nameOf = ({ moment, fault }: Pair) => `${moment.phase}: ${moment.name} × ${fault.name}`
const pairs: readonly Pair[] = moments.flatMap((moment) => faults.map((fault) => ({ moment, fault }))).filter((pair) => nameOf(pair).includes(values.only))
if (pairs.length === 0) misused(program, `No pair of a phase and a fault has "${values.only}" in its name.`)
const option = (name: 'rounds' | 'minutes' | 'lanes', least = 0) => numberOption(program, name, values[name], least, least)
const [rounds, minutes, laneCount] = [option('rounds', 1), option('minutes'), option('lanes', 1)]

function * chosen (): Generator<Pair> {
  if (values.matrix) {
    for (let round = 0; round < rounds; round++) yield * pairs
    return
  }
  const until = Date.now() + minutes * 60_000
  while (Date.now() < until) yield pairs[pick(pairs.length)] as Pair
}

/** By the name of the pair: how many rounds struck, and how many of those came to rest. */
const table = new Map<string, { struck: number, rested: number }>()
const stuck: string[] = []
const impairments = new Map<Arena, readonly Impairment[]>()

/** What is still to be played, by whichever lane is free; it ends for all of them when one cluster does not come to rest. */
const rest = chosen()
let number = 0

async function play (arena: Arena, clients: Clients): Promise<void> {
  for (const pair of rest) {
    const round = await playRound(arena, clients, pair.moment, pair.fault, pick)
    impairments.set(arena, [...impairments.get(arena) ?? [], ...round.impairments])
    const cell = table.get(nameOf(pair)) ?? { struck: 0, rested: 0 }
    table.set(nameOf(pair), { struck: cell.struck + (round.struck === null ? 0 : 1), rested: cell.rested + (round.struck === null || round.settled === null ? 0 : 1) })
    const end = round.settled === null ? `NOT AT REST after ${SETTLING / 1000} s: ${round.scene ?? ''}` : `at rest after ${(round.settled / 1000).toFixed(1)} s`
    console.log(`${new Date().toISOString().slice(11, 19)} ${String(++number).padStart(4)}  ${nameOf(pair)} → ${round.struck ?? 'the boundary did not come'}; ${end}`)
    if (round.settled === null) {
      stuck.push(`${nameOf(pair)}: ${round.scene ?? ''}`)
      return
    }
  }
}

function matrix (): string {
  const cell = (moment: Moment, fault: Fault) => table.get(nameOf({ moment, fault }))
  const rows = moments.map((moment) => `${`${moment.phase}: ${moment.name}`.padEnd(36)}${faults.map((fault) => {
    const found = cell(moment, fault)
    return (found === undefined ? '-' : `${found.rested}/${found.struck}`).padStart(7)
  }).join('')}`)
  return `rounds at rest of rounds struck; ${faults.map(({ name }, index) => `${index + 1} ${name}`).join(', ')}\n${''.padEnd(36)}${faults.map((_, index) => String(index + 1).padStart(7)).join('')}\n${rows.join('\n')}`
}

interface Lane { readonly arena: Arena, readonly clients: Clients, readonly verdict: Verdict }

async function playLane (): Promise<Lane> {
  const arena = await Arena.start()
  try {
    const clients = new Clients(arena.apis, pick)
    clients.start(values.matrix ? [] : NODES)
    await play(arena, clients)
    await clients.stop()
    await arena.quiet()
    const { requests, complaints } = clients
    const transactions = await arena.ensemble.transactions()
    const verdict = judge({ transactions, collisions: arena.cluster.collisions(), fences: arena.fences(), impairments: impairments.get(arena) ?? [], requests, complaints })
    return { arena, clients, verdict }
  } finally {
    await arena.close()
  }
}

const lanes = await Promise.all(Array.from({ length: laneCount }, async () => await playLane()))
if (values.matrix) console.log(matrix())
for (const { arena, clients, verdict } of lanes) {
  const outcomes = [...verdict.outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(', ')
  console.log(`seed ${seed}: ${verdict.switchovers} switchovers (${outcomes}), ${verdict.fences} fences, ${clients.requests.length} requests, ${clients.polls} polls, ${verdict.transactions} transactions, ${arena.crashes.length} crashes`)
  for (const crash of arena.crashes) console.log(`crash: ${crash}`)
  for (const error of arena.errors()) console.log(`error: ${error}`)
  for (const violation of verdict.violations) console.log(`VIOLATION ${violation}`)
}
const violations = lanes.flatMap(({ verdict }) => verdict.violations).length
console.log(`${violations} violations, ${stuck.length} stuck`)
process.exitCode = violations + stuck.length === 0 ? 0 : 1
