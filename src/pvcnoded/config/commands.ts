/** The commands of a configuration: the one list of them, so that none is left out where all are looked at. */

export interface ConfiguredCommand {
  /** The setting, as `pvc.system.self_fence`. */
  readonly path: string
  readonly argv: readonly string[]
  /** It belongs to a resource, whose readiness check looks at it. */
  readonly ofResource: boolean
}

type Argv = readonly string[]

/** What has commands, as the file has it or as the daemon uses it. */
interface WithCommands {
  readonly resources: ReadonlyArray<{ readonly type: string } | { readonly type: 'command', readonly acquire: Argv, readonly release: Argv, readonly check?: Argv | undefined, readonly ready?: Argv | undefined }>
  readonly collectors: ReadonlyArray<{ readonly command: Argv }>
  readonly fencing: { readonly method: string, readonly recover?: Argv | undefined, readonly command?: Argv | undefined, readonly probe?: Argv | undefined }
  readonly domains: { readonly flush?: Argv | undefined, readonly unflush?: Argv | undefined }
  readonly selfFence: Argv | undefined
}

export function commandsOf ({ resources, collectors, fencing, domains, selfFence }: WithCommands): readonly ConfiguredCommand[] {
  const ofFencing = fencing.method === 'command' ? fencing : undefined
  const settings: ReadonlyArray<readonly [path: string, argv: readonly string[] | undefined, ofResource?: true]> = [
    ...resources.flatMap((resource, index) => !('acquire' in resource) ? [] : (['acquire', 'release', 'check', 'ready'] as const).map((action) => [`pvc.coordinator.resources[${index}].${action}`, resource[action], true] as const)),
    ...collectors.map(({ command }, index) => [`pvc.system.collectors[${index}].command`, command] as const),
    ['pvc.system.fencing.command', ofFencing?.command],
    ['pvc.system.fencing.probe', ofFencing?.probe],
    ['pvc.system.fencing.recover', fencing.recover],
    ['pvc.system.domains.flush', domains.flush],
    ['pvc.system.domains.unflush', domains.unflush],
    ['pvc.system.self_fence', selfFence],
  ]
  return settings.flatMap(([path, argv, ofResource = false]) => argv === undefined ? [] : [{ path, argv, ofResource }])
}
