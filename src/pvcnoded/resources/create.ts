/** From the configuration to resources: one case for each type. */
import type { ResourceConfig } from '../config/node-config.ts'
import type { AttemptTools } from './attempt.ts'
import { CommandResource } from './command-resource.ts'
import { FloatingIp } from './floating-ip.ts'
import type { Resource } from './resource.ts'
import { SystemdUnit } from './systemd-unit.ts'

export function createResource (config: ResourceConfig, node: string, tools: AttemptTools): Resource {
  switch (config.type) {
    case 'command': return new CommandResource(config, node, tools.commands)
    case 'floating-ip': return new FloatingIp(config, tools)
    case 'systemd-unit': return new SystemdUnit(config, tools)
  }
}
