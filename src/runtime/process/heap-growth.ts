/**
 * Keeps the heap close to the memory in use. By default V8 lets the heap grow to a multiple of it before a collection. Thousands of short-lived
 * clients would then leave hundreds of megabytes of garbage resident. With this limit V8 collects more often, and only while there is such garbage.
 * The flag has to be set before the heap has grown, so the daemon imports this module before the rest.
 */
import { setFlagsFromString } from 'node:v8'

/** Per cent by which the heap may grow beyond the memory in use after a collection. */
const GROWTH = 50

setFlagsFromString(`--heap-growing-percent=${GROWTH}`)
