/** One condition as clients read it, hence the snake_case; and the fault that it is for PVC's clients. */
import { shortened } from '../model/shortened.ts'
import { faultId } from '../pvc/fault.ts'
import { conditionKinds, type ConditionCode, type Severity } from './kinds.ts'

export interface Condition {
  readonly code: ConditionCode
  readonly severity: Severity
  /** What is the case, with its cause as far as it is known. */
  readonly message: string
  /** What to do. */
  readonly advice: string
  readonly node: string | null
  readonly resource: string | null
  /** RFC 3339, by whichever clock wrote it; null where that is not known. For people only. */
  readonly since: string | null
  /** The fault that it is in `GET /faults`; null for one that is none. */
  readonly fault: string | null
}

interface Found {
  readonly node?: string
  readonly resource?: string
  readonly since?: string | null | undefined
  /** The fault that it was found from. */
  readonly fault?: string
  /** Where it is not that of its kind. */
  readonly advice?: string | undefined
}

/** Characters of a message at most. */
const LONGEST = 500

/** @param severity where it is not that of its kind */
export function condition (code: ConditionCode, message: string, { node, resource, since, fault, advice = conditionKinds[code].advice }: Found = {}, severity: Severity = conditionKinds[code].severity): Condition {
  const id = faultId({ kind: code, node: node ?? '', ...resource === undefined ? {} : { subject: resource } })
  return Object.freeze({
    code,
    severity,
    message: shortened(message, LONGEST),
    advice: advice.replaceAll('{node}', node ?? '{node}').replaceAll('{id}', fault ?? id),
    node: node ?? null,
    resource: resource ?? null,
    since: since === undefined || since === '' ? null : since,
    fault: fault ?? (conditionKinds[code].delta > 0 ? id : null),
  })
}

const rank: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, info: 2 }
const order = Object.keys(conditionKinds)

interface SortKey {
  readonly weight: number
  readonly identity: string
}

/** There may be a condition for each of thousands of nodes, so its key is made once. */
const keys = new WeakMap<Condition, SortKey>()

function keyOf (condition: Condition): SortKey {
  let key = keys.get(condition)
  if (key === undefined) {
    const { code, severity, node, resource, fault } = condition
    key = { weight: rank[severity] * order.length + order.indexOf(code), identity: `${code} ${node ?? ''} ${resource ?? ''} ${fault ?? ''}` }
    keys.set(condition, key)
  }
  return key
}

/** What makes it the same condition, whatever its sentence says by now. */
export const identityOf = (condition: Condition): string => keyOf(condition).identity

/** The worst first; of one kind by node. */
export const sorted = (conditions: readonly Condition[]): readonly Condition[] =>
  conditions.map((each) => ({ each, key: keyOf(each) })).sort((a, b) => a.key.weight - b.key.weight || (a.key.identity < b.key.identity ? -1 : 1)).map(({ each }) => each)

export const worst = (conditions: readonly Condition[]): Severity | 'ok' => conditions[0]?.severity ?? 'ok'
