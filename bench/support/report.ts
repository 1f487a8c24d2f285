/**
 * What a benchmark says: one table of medians, each row with its target and a plain verdict. A row that misses its target says by how much;
 * nothing is rounded in its favour.
 */
import { cpus, release } from 'node:os'

export interface Target {
  readonly kind: 'at least' | 'at most'
  readonly value: number
}

export interface Row {
  readonly what: string
  /** Figures by column, as they are to be read. */
  readonly cells: Readonly<Record<string, string>>
  /** What the target is about: a ratio, or a figure in the unit of the target. Null where there is nothing to be met. */
  readonly measured: number | null
  readonly target: Target | null
  /** Decimals of `measured`. Default 2. */
  readonly decimals?: number
}

export interface Report {
  readonly rows: readonly Row[]
  /** What a reader has to know besides. */
  readonly notes?: readonly string[]
}

export interface BenchmarkOptions {
  /** Interleaved rounds of each measurement; null for the benchmark's own. */
  readonly rounds: number | null
  /** For the soak. */
  readonly minutes: number
  /** A folder for CPU profiles of the daemons that are measured, or null. */
  readonly profile: string | null
}

export interface Benchmark {
  readonly name: string
  /** One line: what is measured against what. */
  readonly title: string
  run (options: BenchmarkOptions): Promise<Report>
}

export const atLeast = (value: number): Target => ({ kind: 'at least', value })
export const atMost = (value: number): Target => ({ kind: 'at most', value })

/** The value below which `share` of all lie; 0.5 is the median. NaN of nothing. */
export function quantile (values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const below = sorted[Math.floor(at)] ?? NaN
  const above = sorted[Math.ceil(at)] ?? NaN
  return below + (above - below) * (at - Math.floor(at))
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** The median of `a[i] / b[i]`: what continued beside both rounds of a pair counts for neither. */
export function medianRatio (a: readonly number[], b: readonly number[]): number {
  return median(a.map((value, index) => value / (b[index] ?? NaN)))
}

export function isMet (row: Row): boolean {
  if (row.target === null) return true
  const { measured, target: { kind, value } } = row
  return measured !== null && (kind === 'at least' ? measured >= value : measured <= value)
}

function verdict (row: Row): string {
  if (row.target === null || row.measured === null) return ''
  const { measured, target: { kind, value }, decimals = 2 } = row
  const wanted = `${kind} ${value}`
  if (isMet(row)) return `meets ${wanted}`
  return `misses ${wanted} by ${Math.abs(measured - value).toFixed(decimals)} (${(100 * Math.abs(measured - value) / value).toFixed(0)} %)`
}

/** The report as a Markdown table, with the machine below. */
export function reportText ({ name, title }: Benchmark, { rows, notes = [] }: Report): string {
  const columns = [...new Set(rows.flatMap(({ cells }) => Object.keys(cells)))]
  const head = ['', ...columns, 'measured', 'verdict']
  const body = rows.map((row) => [row.what, ...columns.map((column) => row.cells[column] ?? ''), row.measured === null ? '' : row.measured.toFixed(row.decimals ?? 2), verdict(row)])
  const widths = head.map((_, index) => Math.max(...[head, ...body].map((line) => [...line[index] ?? ''].length)))
  const line = (cells: readonly string[]) => `| ${cells.map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - [...cell].length)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [`## ${name}: ${title}`, '', line(head), rule, ...body.map(line), '', ...notes.map((note) => `- ${note}`), ...notes.length > 0 ? [''] : []].join('\n')
}

/** What it was measured on. */
export function machineText (): string {
  const processors = cpus()
  return `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown processor'}, Linux ${release()}, Node ${process.version}`
}
