/** What does not change about a machine while it runs. */

export interface StaticData {
  readonly cpus: number
  readonly kernel: string
  readonly os: string
  readonly arch: string
}

/** As PVC writes it: `cpus kernel os arch`. */
export const staticText = (facts: StaticData) => `${facts.cpus} ${facts.kernel} ${facts.os} ${facts.arch}`
