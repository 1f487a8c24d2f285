/**
 * The version of PVC's layout in ZooKeeper. PVC's daemons raise it together, no further than every node's `latestschema`; a znode may mean something
 * else in a newer one. This project reads a newer version, and never writes in it.
 */

/** The newest version that this project supports. */
export const LATEST_SCHEMA = 15

/** The version that a znode names, a finite number even if it has hundreds of digits; null for one that is missing or malformed. */
export const schemaOf = (text: string | undefined): number | null => text !== undefined && /^\s*\d+\s*$/.test(text) ? Math.min(Number(text), Number.MAX_SAFE_INTEGER) : null

/** The newest of several versions if it is newer than this project knows, else null. */
export function newerSchema (versions: ReadonlyArray<number | null>): number | null {
  const newest = Math.max(...versions.map((version) => version ?? 0), 0)
  return newest > LATEST_SCHEMA ? newest : null
}

/** @param writer the program that does not support it */
export const newerSchemaSentence = (version: number, writer: string): string =>
  `The cluster uses version ${version} of PVC's layout, and this ${writer} knows versions 0 to ${LATEST_SCHEMA}: it writes nothing.`
