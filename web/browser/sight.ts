import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { pane, patience } from './world'

// What somebody in front of the page sees and does.

const lookEvery = 50

type Matchers = Pick<ReturnType<typeof expect<unknown>>, 'toBe' | 'toEqual' | 'toContain' | 'toMatch' | 'toBeGreaterThan' | 'toBeLessThan'>
type Eventually = { [M in keyof Matchers]: (want: Parameters<Matchers[M]>[0]) => Promise<void> }

/**
 * Waits until something is as it should be: eventually(() => count()).toBe(3). (That of vitest is
 * for one test at a time.)
 */
export function eventually(look: () => unknown): Eventually {
  const asked = new Error()
  const until = (matcher: keyof Matchers) => async (want: unknown) => {
    for (const end = Date.now() + patience; ; ) {
      try {
        return (expect(await look())[matcher] as (want: unknown) => void)(want)
      } catch (error) {
        if (Date.now() < end) {
          await new Promise((done) => setTimeout(done, lookEvery))
          continue
        }
        if (error instanceof Error) error.stack = asked.stack!.replace('Error', error.message)
        throw error
      }
    }
  }
  const matchers = ['toBe', 'toEqual', 'toContain', 'toMatch', 'toBeGreaterThan', 'toBeLessThan'] as const
  return Object.fromEntries(matchers.map((matcher) => [matcher, until(matcher)])) as Eventually
}

export const card = (page: Page, id: string): Locator => page.locator(`[data-video="${id}"]`)

const whole = (text: string | null): number | undefined => (text && /\d/.test(text) ? Number(text.replace(/\D/g, '')) : undefined)

/** A video's lifetime total, as it is shown. */
export const total = async (page: Page, id: string) => whole(await card(page, id).locator('[data-total]').textContent())

/** The running number of a window size, or the last finished one. */
export const running = async (page: Page, id: string, row: number) =>
  whole(await card(page, id).locator(`[data-row="${row}"] [data-running] .count`).textContent())
export const finished = async (page: Page, id: string, row: number) =>
  whole(await card(page, id).locator(`[data-row="${row}"] [data-finished]`).textContent())

/** One of the three sums: planned, sent, counted. */
export const ledger = async (page: Page, is: 'planned' | 'sent' | 'counted') =>
  whole(await page.locator(`[data-sum="${is}"]`).textContent())

export const cell = (page: Page, row: number, minute: number): Locator => page.locator(`[data-cell="${row}.${minute}"]`)

/** Whether counts come and likes are taken, in words. */
export const lamps = (page: Page) => page.locator('.connections').innerText()

/** Waits until both connections stand, and what is known is shown. */
export const ready = async (page: Page) => {
  await eventually(() => lamps(page)).toMatch(/Counts live[^]*Likes taken/)
  await eventually(() => page.locator('.card [data-total]').first().textContent()).toMatch(/\d/)
}

let clipboard = Promise.resolve()

/** Pastes text from the clipboard where the focus is. All pages have one clipboard: one at a time. */
export function paste(page: Page, text: string): Promise<void> {
  const pasted = clipboard.then(async () => {
    await page.evaluate((t) => navigator.clipboard.writeText(t), text)
    await page.keyboard.press('Control+V')
  })
  clipboard = pasted.catch(() => undefined)
  return pasted
}

/** Writes a plan: a line per video. */
export async function plan(page: Page, lines: number[][]): Promise<void> {
  await cell(page, 0, 0).focus()
  await paste(page, lines.map((line) => line.join('\t')).join('\n'))
  await eventually(() => cell(page, lines.length - 1, 9).inputValue()).toBe(String(lines.at(-1)!.at(-1)))
}

/** Waits for the longest windows to begin, so that what follows falls into one of each of the two longest. */
export const earlyInWindows = () => eventually(() => Date.now() % (10 * pane)).toBeLessThan(pane)

export const send = (page: Page): Locator => page.getByRole('button', { name: /^(Send likes|Wait)$/ })

/** Waits for a run to have sent its plan. */
export async function sentAll(page: Page, likes: number): Promise<void> {
  await eventually(() => page.locator('.run-state').innerText()).toContain('Finished')
  await eventually(() => ledger(page, 'sent')).toBe(likes)
}

/** The columns of a run's ledger, added up: planned, sent, counted; once all of its windows are final. */
export async function settled(page: Page): Promise<number[]> {
  const open = page.locator('.ledger td[data-settled="false"]')
  await eventually(() => open.count()).toBe(0)
  const lines = await page.locator('.ledger tbody tr').evaluateAll((rows) =>
    rows.map((row) => [...row.querySelectorAll('td')].map((td) => Number.parseInt(td.textContent!.replace(/,/g, ''), 10))),
  )
  return [0, 1, 2].map((column) => lines.reduce((sum, line) => sum + line[column]!, 0))
}
