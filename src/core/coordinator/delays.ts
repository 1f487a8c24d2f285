/** The delays that the coordinator machine works by, from the configuration. */

/** Milliseconds. */
export interface Delays {
  readonly transitionDelay: number
  readonly takeoverStart: number
  readonly reclaimDelay: number
  readonly settleTime: number
  readonly handoverTimeout: number
}
