/** Answers of ZooKeeper that arrive late. */
import type { Session } from '../../src/zookeeper/session/session.ts'

/** What `session` reads of `path` arrives when `release` is called; `asked` resolves once it is waited for. */
export function holdBack (session: Session, operation: 'get' | 'children', path: string): { readonly asked: Promise<void>, readonly release: () => void } {
  let release = (): void => {}
  const held = new Promise<void>((resolve) => { release = resolve })
  let ask = (): void => {}
  const asked = new Promise<void>((resolve) => { ask = resolve })
  const hold = async <T>(wanted: string, answer: T): Promise<T> => {
    if (wanted !== path) return answer
    ask()
    await held
    return answer
  }
  const get = session.get.bind(session)
  const children = session.children.bind(session)
  if (operation === 'get') session.get = async (wanted, options) => await hold(wanted, await get(wanted, options))
  else session.children = async (wanted, options) => await hold(wanted, await children(wanted, options))
  return { asked, release }
}
