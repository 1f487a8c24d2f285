/** All routes with the prefix each has. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import events from './events.ts'
import fenceConfirmation from './fence-confirmation.ts'
import health from './health.ts'
import metrics from './metrics.ts'
import faults from './pvc/faults.ts'
import pvcMetrics from './pvc/metrics.ts'
import tasks from './pvc/tasks.ts'
import nodeLog from './node-log.ts'
import nodeStates from './node-states.ts'
import nodes from './nodes.ts'
import primaryNode from './primary-node.ts'
import primary from './primary.ts'
import role from './role.ts'
import root from './root.ts'
import status from './status.ts'
import switchover from './switchover.ts'

/** PVC's clients send forms; every other route takes JSON alone. */
export const formRoutes: readonly FastifyPluginAsyncTypebox[] = [status, nodeStates, faults]
export const apiRoutes: readonly FastifyPluginAsyncTypebox[] = [root, switchover, primary, events, fenceConfirmation, primaryNode, nodes, nodeLog, tasks, pvcMetrics]
export const plainRoutes: readonly FastifyPluginAsyncTypebox[] = [health, role, metrics]
export const prefix = '/api/v1'
