/** A wall clock that is wrong, for a process: libfaketime is loaded into it, and its monotonic clock is left as it is. */
import { execFileSync } from 'node:child_process'

/**
 * The environment of such a process. How wrong its clock is says `FAKETIME` (`-1h`), or the file that `FAKETIME_TIMESTAMP_FILE` names, which is read
 * again each time. The program of the same name is not used to run it: that stays between, and a signal would end it alone.
 * Throws where Debian's `faketime` is not installed.
 */
export function fakeClock (): Readonly<Record<string, string>> {
  const library = execFileSync('faketime', ['-f', '+0', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' }).trim()
  return { LD_PRELOAD: library, DONT_FAKE_MONOTONIC: '1', FAKETIME_NO_CACHE: '1' }
}
