import { readFileSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect } from 'vitest'
import { readConfig, readFinal, readLive, readTrending, readVideos } from '../src/types'
import { card, eventually, ledger, plan, ready, running, send, total } from './sight'
import { storiesWith } from './story'
import type { Place } from './world'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const shots = new URL('../../dist/screens/', import.meta.url).pathname

const test = storiesWith(12)
beforeAll(() => void mkdirSync(shots, { recursive: true }))

const widths = [390, 1024, 1600]
const schemes = ['light', 'dark'] as const

/** Everything there is to see: numbers, a run, its ledger. */
async function busy(page: Page, here: Place) {
  const liking = here.ids.map((id, i) => here.like(id, 3 + ((i * 7) % 11)))
  await plan(page, [[9, 9, 9, 9, 9, 9, 9, 9, 9, 9], [5, 5, 5, 5, 5, 5, 5, 5, 5, 5]])
  await send(page).click()
  await eventually(() => ledger(page, 'counted')).toBeGreaterThan(3)
  await Promise.all(liking)
}

describe.each(schemes)('%s', (colorScheme) => {
  test.for(widths)('%d px: axe finds nothing, nothing is wider than the page', async (width, { here }) => {
    const page = await here.visit({ viewport: { width, height: width < 500 ? 844 : 1000 }, colorScheme, reducedMotion: 'reduce' })
    await ready(page)
    await busy(page, here)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    await page.addScriptTag({ content: axe })
    const found = await page.evaluate(async () => {
      const { violations } = await (globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> } }).axe.run()
      return violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.html} ${n.failureSummary}`).slice(0, 3).join('\n')}`)
    })
    expect(found).toEqual([])
    await page.evaluate(() => scrollTo(0, 0))
    await page.screenshot({ path: `${shots}${width}-${colorScheme}.png` })
    await page.locator('.generator').evaluate((generator) => generator.scrollIntoView())
    await page.screenshot({ path: `${shots}${width}-${colorScheme}-generator.png` })
  })
})

test('nothing is cut off, from 320 px to 2,000', async ({ here }) => {
  const page = await here.visit()
  await ready(page)
  for (const width of [320, 390, 600, 768, 992, 1090, 1280, 2000]) {
    await page.setViewportSize({ width, height: 900 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth), `${width} px`).toBeLessThanOrEqual(width)
    const cut = await page.locator('.plan').evaluate((plan) => plan.scrollWidth - plan.clientWidth)
    expect(cut, `the plan at ${width} px`).toBeLessThanOrEqual(0)
  }
})

test('nothing moves while numbers change', async ({ here }) => {
  const page = await here.visit()
  await ready(page)
  await page.evaluate(() => {
    const seen = globalThis as unknown as { moved: number }
    seen.moved = 0
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.moved += (entry as unknown as { value: number }).value
    }).observe({ type: 'layout-shift' })
  })
  const heights = () => page.locator('.card').evaluateAll((all) => all.slice(0, 6).map((e) => e.getBoundingClientRect().height))
  const before = await heights()
  const first = here.ids[0]!
  await Promise.all(here.ids.slice(0, 3).map((id) => here.like(id, 60)))
  await eventually(() => total(page, first)).toBe(60)
  await eventually(() => running(page, first, 2)).toBe(0)
  expect(await heights()).toEqual(before)
  expect(await page.evaluate(() => (globalThis as unknown as { moved: number }).moved)).toBeLessThan(0.001)
})

test('who wants less motion gets none', async ({ here }) => {
  const page = await here.visit({ reducedMotion: 'reduce' })
  await ready(page)
  const first = here.ids[0]!
  await card(page, first).getByRole('button', { name: /^Like/ }).click()
  await eventually(() => total(page, first)).toBe(1)
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0)
})

test('what the gateway and the API say is what the types say', async ({ here }) => {
  const heard: Record<string, unknown[]> = {}
  const page = await here.open()
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      const text = String(payload)
      if (!text.startsWith('42')) return
      const [event, body] = JSON.parse(text.slice(2)) as [string, unknown]
      ;(heard[event] ??= []).push(body)
    }),
  )
  await page.goto(here.origin)
  await ready(page)
  await here.like(here.ids[8]!, 1)
  for (const event of ['live_counts', 'live_aggregations_1', 'live_aggregations_5', 'live_aggregations_10']) {
    await eventually(() => heard[event]?.length ?? 0).toBeGreaterThan(0)
  }
  for (const body of heard['live_counts']!) expect(readLive(body), JSON.stringify(body)).toBeDefined()
  for (const [row, n] of [1, 5, 10].entries()) {
    for (const body of heard[`live_aggregations_${n}`]!) expect(readFinal(body), JSON.stringify(body)).toMatchObject({ window: row })
  }
  const get = async (url: string): Promise<unknown> => (await fetch(url)).json()
  expect(readConfig(await get(`${here.origin}/config.json`))).toMatchObject({ api: here.apiUrl, maxRooms: 200 })
  expect(readTrending(await get(`${here.origin}/videos/trending?window=10min&limit=5`))).toMatchObject({ window: 2 })
  expect(readVideos(await get(`${here.apiUrl}/videos/metadata`))).toHaveLength(12)
})
