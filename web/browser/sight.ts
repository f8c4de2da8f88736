import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'

// What somebody in front of the page sees and does.

const patience = { timeout: 30_000, interval: 50 }

/** Waits until something is as it should be. */
export const eventually = <T>(look: () => T | Promise<T>) => expect.poll(look, patience)

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

/** Pastes text from the clipboard where the focus is. */
export async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate((t) => navigator.clipboard.writeText(t), text)
  await page.keyboard.press('Control+V')
}

/** Writes a plan: a line per video. */
export async function plan(page: Page, lines: number[][]): Promise<void> {
  await cell(page, 0, 0).focus()
  await paste(page, lines.map((line) => line.join('\t')).join('\n'))
  await eventually(() => cell(page, lines.length - 1, 9).inputValue()).toBe(String(lines.at(-1)!.at(-1)))
}

export const send = (page: Page): Locator => page.getByRole('button', { name: /^(Send likes|Wait)$/ })

/** Waits for a run to have sent its plan. */
export async function sentAll(page: Page, likes: number): Promise<void> {
  await eventually(() => page.locator('.run-state').innerText()).toContain('Finished')
  await eventually(() => ledger(page, 'sent')).toBe(likes)
}
