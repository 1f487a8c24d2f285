/** From the configuration to resources: one case for each type. */
import type { CommandRunner } from '../../runtime/command.ts'
import type { ResourceConfig } from '../config.ts'
import { CommandResource } from './command-resource.ts'
import type { Resource } from './resource.ts'

export function createResource (config: ResourceConfig, node: string, commands: CommandRunner): Resource {
  switch (config.type) {
    case 'command': return new CommandResource(config, node, commands)
  }
}
