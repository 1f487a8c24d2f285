/** docs/errors.md: every code that either daemon says, from the lists in the code that it is taken from. */
import { ineligibilities } from '../../src/core/switchover/eligibility.ts'
import { obstacles } from '../../src/core/switchover/eligibility-report.ts'
import { fenceObstacles } from '../../src/core/fencing/fence-confirmation.ts'
import { removalObstacles } from '../../src/core/fencing/removal.ts'
import { fenceStates } from '../../src/core/model/fence-record.ts'
import { causes, outcomes } from '../../src/core/model/states.ts'
import { failures } from '../../src/core/model/transition.ts'
import { problems } from '../../src/pvcapid/errors/errors.ts'
import { endings } from '../../src/pvcnoded/endings.ts'
import { configProblems } from '../../src/runtime/config/config-problem.ts'
import { exitStatuses } from '../../src/runtime/config/exit-status.ts'
import { ERROR_CODES } from '../../src/zookeeper/client/errors.ts'
import { code, page, table } from './markdown.ts'

const meanings = (head: string, list: Readonly<Record<string, string>>) =>
  table([head, 'meaning'], Object.entries(list).map(([name, meaning]) => [code(name), meaning]))

export function errorsPage (): string {
  return page('Errors', 'the lists of codes in src/',
    'A code, once published, keeps its meaning. Sentences are for people and may change.',
    '## Problems of the API',
    'Every error of pvcapid is `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail` (a sentence that says what to do), `instance`, `code`, and `message` for PVC\'s clients. Where something was to be changed there is also `outcome`: `not_started` (nothing was written, and nothing will be), `in_progress` (it was written and continues), or `unknown` (it may or may not have been written; the route in `Location` will tell).',
    table(['code', 'status', 'title', 'what to do'], Object.entries(problems)
      .map(([name, [status, title, advice]]) => [code(name), String(status), title, advice])
      .sort(([, a = ''], [, b = '']) => Number(a) - Number(b))),
    'PVC\'s own `POST /api/v1/node/{node}/coordinator-state` answers `node_unknown` with 400, as PVC does.',
    '## Switchovers',
    'How one ended (`outcome`):', meanings('outcome', outcomes),
    'Why the primary key was written (`cause`):', meanings('cause', causes),
    'What went wrong (`error.code`, with `error.resource` and `error.message`); the same is in a node\'s `transition`:', meanings('code', failures),
    '## Why a coordinator may not be made primary',
    '`reasons` of `GET /api/v1/switchover/eligibility` and of the problem `not_eligible`:', meanings('code', { ...ineligibilities, ...obstacles }),
    '## Fencing',
    'The state of a fence, in `/nodes/<node>/fence` and in the metric `pvc_node_fence_state`:', meanings('state', fenceStates),
    'Why a fence cannot be confirmed, in `reasons` of the problem `fence_not_confirmable`:', meanings('code', fenceObstacles),
    'Why a node cannot be removed, in `reasons` of the problem `node_not_removable`:', meanings('code', removalObstacles),
    '## Configuration files',
    'Each problem is a line `file:line:column: setting: sentence`; by kind:', meanings('code', configProblems),
    '## How the daemons end',
    table(['exit status', 'meaning'], Object.values(exitStatuses).map(([status, meaning]) => [String(status), meaning])),
    'The `code` in the last line of pvcnoded\'s log, unless it stopped in order:', meanings('code', endings),
    '## ZooKeeper, in the logs',
    'The field `err.code` of a log line that tells of an operation on ZooKeeper, or on a lock:', meanings('code', ERROR_CODES))
}
