import { readFileSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { readConfig, readFinal, readLive, readTrending, readVideos } from '../src/types'
import { card, eventually, ledger, plan, ready, running, send } from './sight'
import { World } from './world'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const shots = new URL('../../dist/screens/', import.meta.url).pathname

let world: World
beforeAll(async () => {
  mkdirSync(shots, { recursive: true })
  world = await World.start({ videos: 200 })
})
afterEach(() => world.leave())
afterAll(() => world?.stop())

const widths = [390, 1024, 1600]
const schemes = ['light', 'dark'] as const

async function show(page: Page, n: number) {
  await page.evaluate((shown) => localStorage.setItem('shown', String(shown)), n)
  await page.reload()
  await ready(page)
  await eventually(() => page.locator('.card').count()).toBe(n)
}

/** Everything there is to see: numbers, a run, its ledger. */
async function busy(page: Page) {
  await plan(page, [[9, 9, 9, 9, 9, 9, 9, 9, 9, 9], [5, 5, 5, 5, 5, 5, 5, 5, 5, 5]])
  await send(page).click()
  await eventually(() => ledger(page, 'counted')).toBeGreaterThan(3)
}

describe.each(schemes)('%s', (colorScheme) => {
  test.each(widths)('%d px: axe finds nothing, nothing is wider than the page', async (width) => {
    const page = await world.visit({ viewport: { width, height: width < 500 ? 844 : 1000 }, colorScheme, reducedMotion: 'reduce' })
    await ready(page)
    await show(page, 3)
    await busy(page)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    await page.addScriptTag({ content: axe })
    const found = await page.evaluate(async () => {
      const { violations } = await (globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> } }).axe.run()
      return violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.html} ${n.failureSummary}`).slice(0, 3).join('\n')}`)
    })
    expect(found).toEqual([])
    await page.evaluate(() => scrollTo(0, 0))
    await page.screenshot({ path: `${shots}${width}-${colorScheme}.png` })
  })
})

test.each([320, 390, 600, 768, 992, 1090, 1280, 2000])('%d px: nothing is cut off', async (width) => {
  const page = await world.visit({ viewport: { width, height: 900 } })
  await ready(page)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
  const cut = await page.locator('.plan-row').first().evaluate((row) => row.parentElement!.scrollWidth - row.parentElement!.clientWidth)
  expect(cut).toBeLessThanOrEqual(0)
})

test('nothing moves while numbers change', async () => {
  const page = await world.visit()
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
  await Promise.all(['video-1', 'video-2', 'video-3'].map((id) => world.like(id, 60)))
  await eventually(() => running(page, 'video-1', 2)).toBeGreaterThan(0)
  await page.waitForTimeout(3000)
  expect(await heights()).toEqual(before)
  expect(await page.evaluate(() => (globalThis as unknown as { moved: number }).moved)).toBeLessThan(0.001)
})

test('who wants less motion gets none', async () => {
  const page = await world.visit({ reducedMotion: 'reduce' })
  await ready(page)
  await card(page, 'video-1').getByRole('button', { name: /^Like/ }).click()
  await eventually(() => running(page, 'video-1', 2)).toBeGreaterThan(0)
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0)
})

test('two hundred videos: the page stays quick to answer', async () => {
  const page = await world.visit()
  await ready(page)
  await show(page, 200)
  const liking = Promise.all(Array.from({ length: 8 }, (_, i) => world.like(`video-${i * 3 + 1}`, 100)))
  const long = await page.evaluate(async () => {
    const tasks: number[] = []
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map((e) => e.duration))).observe({ type: 'longtask' })
    for (let y = 0; y < 60; y++) {
      scrollTo(0, y * 200)
      await new Promise((done) => requestAnimationFrame(done))
      await new Promise((done) => setTimeout(done, 30))
    }
    return tasks
  })
  await liking
  // A bound for a machine that does much else: twice this would be felt.
  expect(Math.max(0, ...long), `long tasks: ${long.map(Math.round).join(' ')}`).toBeLessThan(500)
})

test('what the gateway and the API say is what the types say', async () => {
  const heard: Record<string, unknown[]> = {}
  const page = await world.open()
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      const text = String(payload)
      if (!text.startsWith('42')) return
      const [event, body] = JSON.parse(text.slice(2)) as [string, unknown]
      ;(heard[event] ??= []).push(body)
    }),
  )
  await page.goto(world.origin)
  await ready(page)
  await world.like('video-9', 1)
  for (const event of ['live_counts', 'live_aggregations_1', 'live_aggregations_5', 'live_aggregations_10']) {
    await eventually(() => heard[event]?.length ?? 0).toBeGreaterThan(0)
  }
  for (const body of heard['live_counts']!) expect(readLive(body), JSON.stringify(body)).toBeDefined()
  for (const [row, n] of [1, 5, 10].entries()) {
    for (const body of heard[`live_aggregations_${n}`]!) expect(readFinal(body), JSON.stringify(body)).toMatchObject({ window: row })
  }
  const get = async (url: string): Promise<unknown> => (await fetch(url)).json()
  expect(readConfig(await get(`${world.origin}/config.json`))).toMatchObject({ api: world.apiUrl, maxRooms: 200 })
  expect(readTrending(await get(`${world.origin}/videos/trending?window=10min&limit=5`))).toMatchObject({ window: 2 })
  expect(readVideos(await get(`${world.apiUrl}/videos/metadata`))).toHaveLength(200)
})
