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

/** What makes it the same condition, whatever its sentence says by now. */
export const identityOf = ({ code, node, resource, fault }: Condition): string => `${code} ${node ?? ''} ${resource ?? ''} ${fault ?? ''}`

/** The worst first; of one kind by node. There may be one for each of thousands of nodes, so what is compared is made once for each. */
export function sorted (conditions: readonly Condition[]): readonly Condition[] {
  const keyed = conditions.map((each) => ({ each, weight: rank[each.severity] * order.length + order.indexOf(each.code), identity: identityOf(each) }))
  return keyed.sort((a, b) => a.weight - b.weight || (a.identity < b.identity ? -1 : 1)).map(({ each }) => each)
}

export const worst = (conditions: readonly Condition[]): Severity | 'ok' => conditions[0]?.severity ?? 'ok'
