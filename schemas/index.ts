/** Every schema that the description shows under components. */
import { ClusterHealth, Condition } from './condition.ts'
import { Fault } from './fault.ts'
import { Health, Message, OutcomeUnknown, RemovedNode } from './message.ts'
import { CoordinatorState, DaemonState, DomainState, Node, NodeLog } from './node.ts'
import { Problem, SwitchoverProblem } from './problem.ts'
import { RoleReport } from './role.ts'
import { ClusterStatus, PrimaryNode } from './status.ts'
import { StoryEntry } from './story.ts'
import { Eligibility, HistoryEntry, Primary, Switchover } from './switchover.ts'

export const sharedSchemas = [
  Node, DaemonState, CoordinatorState, DomainState, NodeLog, Fault, Condition, ClusterHealth, ClusterStatus, PrimaryNode, Message, RemovedNode, Health, OutcomeUnknown,
  Switchover, StoryEntry, HistoryEntry, Primary, Eligibility, RoleReport, Problem, SwitchoverProblem,
] as const
