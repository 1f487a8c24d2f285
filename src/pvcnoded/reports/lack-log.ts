/** Says in the log that this coordinator is configured without resources that others have: once for each resource, and when that is over. */
import type { Member } from '../../core/model/member.ts'
import { differences, lacksInWords } from '../../core/switchover/lacking.ts'
import type { Logger } from '../../runtime/log/log.ts'

export class LackLog {
  readonly #node: string
  readonly #log: Logger
  #said: ReadonlySet<string> = new Set()

  constructor (node: string, log: Logger) {
    this.#node = node
    this.#log = log
  }

  /** To be called with every view. */
  seen (members: readonly Member[]): void {
    const self = members.find(({ name }) => name === this.#node)
    // Without its own presence in the view nothing is known of it.
    if (self?.presence == null) return
    const lacking = differences(self, members)
    const resources = lacking.map(({ resource }) => resource)
    if (resources.some((resource) => !this.#said.has(resource))) {
      this.#log.warn({ resources }, `this node is configured without ${lacksInWords(lacking)}, and does not become primary by itself while a node that has them is primary; give \`resources\` of all pvcnoded.yaml the same entries and restart the daemons whose file has changed, see "Add or remove a resource" in docs/operations.md`)
    } else if (lacking.length === 0 && this.#said.size > 0) {
      this.#log.info({ resources: [...this.#said] }, 'this node is configured with every resource that another coordinator has')
    }
    this.#said = new Set(resources)
  }
}
