/**
 * The figures of a node's network interfaces, as a daemon publishes them in `/nodes/<n>/network_stats`: name → figures. PVC's client formats each of them,
 * so that none is anything but a number. What is malformed costs its own figure alone.
 */
import { isFigure, numberOf, writtenJson, type WrittenNumber } from './written-number.ts'

/** Bits and packets a second, and megabits a second. */
const figures = ['rx_pps', 'tx_pps', 'rx_bps', 'tx_bps', 'link_speed'] as const
type Figure = typeof figures[number]

/** A figure that the daemon does not publish is missing here, too. A field of another name is there if it is a text, a number or a truth value. */
export type InterfaceFigures = { readonly [Key in Figure]?: number | WrittenNumber } & { readonly state?: string, readonly [other: string]: unknown }

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value) && numberOf(value) === null
const isFigureName = (name: string) => (figures as readonly string[]).includes(name)

function leafOf (name: string, value: unknown): unknown {
  const number = numberOf(value)
  const isGood = number !== null && isFigure(number)
  if (isFigureName(name)) return isGood ? value : 0
  if (name === 'state') return typeof value === 'string' ? value : 'unknown'
  return isGood || typeof value === 'string' || typeof value === 'boolean' ? value : undefined
}

const figuresOf = (entry: Readonly<Record<string, unknown>>): InterfaceFigures =>
  Object.fromEntries(Object.entries(entry).map(([name, value]) => [name, leafOf(name, value)] as const).filter(([, value]) => value !== undefined))

/** The interfaces in a znode's text, without those that have no figures; null if it is absent or malformed. */
export function interfacesOf (text: string | undefined): Readonly<Record<string, InterfaceFigures>> | null {
  const value = writtenJson(text)
  if (!isObject(value)) return null
  return Object.fromEntries(Object.entries(value).flatMap(([name, entry]) => isObject(entry) ? [[name, figuresOf(entry)]] : []))
}

/** A figure of all interfaces together; one that is missing counts as 0. */
export const totalOf = (interfaces: Readonly<Record<string, InterfaceFigures>>, figure: Figure): number =>
  Object.values(interfaces).reduce((sum, each) => sum + (numberOf(each[figure]) ?? 0), 0)
