/** What routes may call: one object on the application, `app.services`. */
import type {} from 'fastify'
import type { CoordinatorStateService } from './switchover/coordinator-state-service.ts'
import type { EventService } from './events/event-service.ts'
import type { FaultService } from './faults/fault-service.ts'
import type { FenceService } from './fence-service.ts'
import type { HealthService } from './health-service.ts'
import type { MetricsService } from '../metrics/metrics-service.ts'
import type { PvcMetrics } from '../metrics/pvc-metrics.ts'
import type { NodeService } from './node-service.ts'
import type { PrimaryService } from './primary-service.ts'
import type { RemovalService } from './removal-service.ts'
import type { RoleService } from './role-service.ts'
import type { SettingsService } from './settings-service.ts'
import type { SwitchoverGate } from './switchover/switchover-gate.ts'
import type { ClusterCache } from './cluster-cache.ts'

export interface Services {
  readonly view: ClusterCache
  readonly nodes: NodeService
  readonly settings: SettingsService
  readonly coordinatorState: CoordinatorStateService
  readonly switchovers: SwitchoverGate
  readonly primary: PrimaryService
  readonly health: HealthService
  readonly roles: RoleService
  readonly fences: FenceService
  readonly removals: RemovalService
  readonly events: EventService
  readonly faults: FaultService
  readonly pvcMetrics: PvcMetrics
  readonly metrics: MetricsService
  /** How many clients wait at present. */
  waiting (): number
  /** How many event streams are open. */
  streams (): number
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly services: Services
  }
}
