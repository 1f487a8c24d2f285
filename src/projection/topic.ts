/** What a client can wait for: one name for each thing that reads differently by itself. */
export type Topic = 'primary' | `switchover/${number}` | `node/${string}`
