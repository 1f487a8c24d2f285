/** PVC's figures as documents, made once for each status and kind. */
import { healthMetrics, resourceMetrics } from '../../core/pvc/metrics-text.ts'
import type { ClusterStatus } from '../../core/pvc/cluster-status.ts'
import { Document } from '../pages/document.ts'
import type { ClusterCache } from '../services/cluster-cache.ts'

const TYPE = 'text/plain; version=0.0.4; charset=utf-8'
type Kind = 'all' | 'health'

export class PvcMetrics {
  readonly #view: ClusterCache
  readonly #made = new WeakMap<ClusterStatus, Partial<Record<Kind, Document>>>()

  constructor (view: ClusterCache) {
    this.#view = view
  }

  /** Throws `zookeeper_unavailable` before there is a view. */
  document (kind: Kind): Document {
    const { snapshot, status } = this.#view
    const made = this.#made.get(status) ?? {}
    this.#made.set(status, made)
    made[kind] ??= new Document(healthMetrics(status) + (kind === 'all' ? resourceMetrics(snapshot.nodes) : ''), TYPE)
    return made[kind]
  }
}
