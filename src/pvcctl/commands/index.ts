/** Command → what runs it. The commands themselves are in the table. */
import { check } from './check.ts'
import type { Run } from './command.ts'
import { eligible, history, list, status } from './readings.ts'
import { change, show } from './switch.ts'
import { watch } from './watch.ts'
import { confirmFence, pause, removeNode, resume } from './writes.ts'

/** `completion` is not among them: it asks no API. */
export const runs: Readonly<Record<string, Run>> = { list, status, switch: change, watch, history, show, eligible, pause, resume, 'confirm-fence': confirmFence, 'remove-node': removeNode, check }
