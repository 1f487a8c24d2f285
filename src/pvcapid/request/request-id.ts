/** Ids for requests that come without: no other process gives the same, nor this one a second time. */

/**
 * @param uuid a fresh random uuid as 32 lower-case hexadecimal digits
 * @returns gives the next id: random digits of this process and a count, which costs a hundredth of a random id for each
 */
export function requestIds (uuid: () => string): () => string {
  const own = uuid().slice(0, 16)
  let count = 0
  return () => {
    count += 1
    return `${own}-${count}`
  }
}
