import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { cell, eventually, paste, ready } from './sight'
import { storiesWith } from './story'
import { countWork, tasks, type Work } from './tasks'
import type { Place } from './world'

const test = storiesWith(200)
const atOnce = 16

/** Each video gets so many likes, as fast as the API takes them. */
async function likeAll(here: Place, each: number): Promise<void> {
  const left = here.ids.flatMap((id) => Array<string>(each).fill(id)).sort(() => Math.random() - 0.5)
  const next = async () => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) await here.like(id, 1)
  }
  await Promise.all(Array.from({ length: atOnce }, next))
}

/** A page that shows them all. */
async function visitAll(here: Place): Promise<Page> {
  const page = await here.open()
  await page.addInitScript(countWork)
  await page.addInitScript(() => localStorage.setItem('shown', '200'))
  await page.goto(here.origin)
  await ready(page)
  await eventually(() => page.locator('.card [data-total]').count()).toBe(200)
  await eventually(() => page.locator('.plan-row').count()).toBe(202)
  return page
}

test.sequential('two hundred videos, all of them liked at once: each is counted, and the page draws little at a time', async ({ here }) => {
  const page = await visitAll(here)
  const near = await page.locator('.card').evaluateAll(
    (cards) => cards.filter((card) => card.getBoundingClientRect().top < 1.25 * innerHeight).length,
  )
  await page.evaluate(() => {
    const { work } = globalThis as unknown as { work: Work }
    Object.assign(work, { commits: 0, most: 0, since: performance.now() })
  })
  const cpu = await tasks(page, () => likeAll(here, 15))
  const work = await page.evaluate(() => {
    const { work } = globalThis as unknown as { work: Work }
    return { ...work, seconds: (performance.now() - work.since) / 1000 }
  })
  // Ten times a second for counts, five for the clock of so short a minute, and some for the rest.
  expect(work.commits / work.seconds, 'draws a second').toBeLessThan(25)
  expect(work.most, 'videos drawn at a time').toBeLessThanOrEqual(near + 20)
  expect(work.most, 'and something was drawn').toBeGreaterThan(0)
  expect(cpu.length).toBeGreaterThan(100)
  expect(cpu[0], `ms of CPU, the longest tasks: ${cpu.slice(0, 9).map(Math.round).join(' ')}`).toBeLessThan(100)
  await eventually(async () => new Set(await page.locator('[data-total]').allTextContents())).toEqual(new Set(['15']))
})

test.sequential('two hundred videos: scrolling through them never stops the page', async ({ here }) => {
  const page = await visitAll(here)
  const liking = likeAll(here, 5)
  const cpu = await tasks(page, () =>
    page.evaluate(async () => {
      for (let y = 0; y < document.body.scrollHeight; y += 200) {
        scrollTo(0, y)
        await new Promise((done) => requestAnimationFrame(done))
      }
    }),
  )
  await liking
  expect(cpu[0], `ms of CPU, the longest tasks: ${cpu.slice(0, 9).map(Math.round).join(' ')}`).toBeLessThan(100)
})

test.sequential('two hundred rows of a plan are pasted at once', async ({ here }) => {
  const page = await visitAll(here)
  await cell(page, 0, 0).focus()
  await paste(page, Array.from({ length: 200 }, (_, i) => Array(10).fill(i).join('\t')).join('\n'))
  const sums = page.locator('.plan-sums')
  await eventually(() => sums.locator('.plan-all').textContent()).toBe('199,000')
  expect(await cell(page, 199, 9).inputValue()).toBe('199')
})
