/**
 * The version of PVC's layout in ZooKeeper. PVC's daemons raise it together, no further than every node's `latestschema`; a znode may mean something
 * else in a newer one. This project reads a newer version, and never writes in it.
 */

/** The newest version that this project supports. */
export const LATEST_SCHEMA = 15

/** No version is higher: PVC counts them from 0 on. */
const HIGHEST_SCHEMA = 1_000

/**
 * The version that the cluster's own znode names, whatever its size: it decides for everyone, so that no number in it is taken for an older version. Finite even
 * if it has hundreds of digits; null for one that is missing or malformed.
 */
export const schemaOf = (text: string | undefined): number | null => text !== undefined && /^\s*\d+\s*$/.test(text) ? Math.min(Number(text), Number.MAX_SAFE_INTEGER) : null

/**
 * The version that a node says it uses. PVC's nodes raise it before the cluster's own, so that a newer one counts; one that PVC cannot have is that node's malformed
 * value, and null as a missing one is: it costs nobody else anything.
 */
export function nodeSchemaOf (text: string | undefined): number | null {
  const version = schemaOf(text)
  return version !== null && version <= HIGHEST_SCHEMA ? version : null
}

/** The newest of several versions if it is newer than this project knows, else null. */
export function newerSchema (versions: ReadonlyArray<number | null>): number | null {
  const newest = Math.max(...versions.map((version) => version ?? 0), 0)
  return newest > LATEST_SCHEMA ? newest : null
}

/** @param writer the program that does not support it */
export const newerSchemaSentence = (version: number, writer: string): string =>
  `The cluster uses version ${version} of PVC's layout${version > HIGHEST_SCHEMA ? ', which PVC does not have (look at /schema/version)' : ''}, and this ${writer} knows versions 0 to ${LATEST_SCHEMA}: it writes nothing.`
