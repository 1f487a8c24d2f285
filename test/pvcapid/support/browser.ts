/** Debian's Chromium for a test, and how the status page shows what the API says. */
import { chromium, type Browser } from 'playwright-core'
import type { Test } from 'tap'

/** @param args beside what any test needs */
export async function openBrowser (t: Test, args: readonly string[] = []): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', ...args] })
  t.teardown(async () => await browser.close())
  return browser
}

/** As the page shows a sentence: what is between backquotes is code. */
export const plain = (text: string) => text.replaceAll('`', '')
