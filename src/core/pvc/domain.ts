/** Domains (virtual machines) as PVC keeps them: `/domains/<uuid>` has the name, and below it `node` says where the domain is and `state` what it is to be. */

/** Every state that PVC gives a domain. */
export const vmStates = ['start', 'restart', 'shutdown', 'stop', 'disable', 'fail', 'migrate', 'unmigrate', 'provision', 'import', 'mirror'] as const

/** States of a domain that runs on no node. */
const atRest: ReadonlySet<string> = new Set(['stop', 'disable', 'provision', 'import', 'mirror'])

/** Whether a domain runs, or is to run, on the node that it names. One whose state cannot be read is taken to. */
export const isRunning = (state: string | undefined): boolean => state === undefined || !atRest.has(state)
