/** Work for many items, a few of them at a time. */

/**
 * Runs `work` for each of `items`, at most `lanes` at a time. Resolves with the results in the order of the items. After the first failure, with which it rejects, no further work begins.
 */
export async function inLanes<T, R> (items: readonly T[], lanes: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const rest = items.entries()
  let hasFailed = false
  const lane = async (): Promise<void> => {
    for (const [at, item] of rest) {
      if (hasFailed) return
      try {
        results[at] = await work(item)
      } catch (error) {
        hasFailed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane))
  return results
}
