import { expect } from 'vitest'
import { card, eventually, lamps, ledger, plan, ready, send, sentAll, settled, total } from './sight'
import { storiesWith } from './story'
import { pane } from './world'

const test = storiesWith(3)
const quiet = Array(10).fill(0)

// First, and alone: while nobody's likes are known there is nothing to show.
test.sequential('the API away: the page is there, counts go on, likes say that they failed; back again, all is well', async ({ here }) => {
  const first = here.ids[0]!
  await here.api.stop()
  const page = await here.open()
  const noise: string[] = []
  page.on('pageerror', (error) => noise.push(error.message))
  await page.goto(here.origin)
  await eventually(() => lamps(page)).toMatch(/Counts live[^]*Likes away, retrying/)
  expect(await page.getByRole('heading', { level: 1 }).isVisible()).toBe(true)
  expect(await page.locator('.empty').innerText()).toContain('asked for until it does')
  await here.api.start()
  await ready(page)
  await eventually(() => page.locator('.card').count()).toBe(3)

  // It goes away again, with the list known.
  await here.api.stop()
  const before = (await total(page, first))!
  await card(page, first).getByRole('button', { name: /^Like/ }).click()
  await eventually(() => card(page, first).locator('.like-failed').innerText()).toContain('1 not sent: the API does not answer')
  expect(await lamps(page)).toContain('Likes away')
  await page.reload()
  await eventually(() => page.locator('.card').count()).toBe(3)
  await here.api.start()
  await ready(page)
  await card(page, first).getByRole('button', { name: /^Like/ }).click()
  await eventually(() => total(page, first)).toBe(before + 1)
  expect(noise).toEqual([])
})

test('the API away in mid-plan: the failures are shown, and the plan is complete in the end', async ({ here }) => {
  const first = here.ids[0]!
  const page = await here.visit()
  await ready(page)
  await plan(page, [Array(10).fill(10), quiet, quiet])
  await send(page).click()
  await eventually(() => ledger(page, 'sent')).toBeGreaterThan(5)
  // Nothing is on its way while it is cut, so that what failed is known to have failed.
  await page.route(`${here.apiUrl}/**`, (route) => route.abort('connectionrefused'))
  await eventually(() => page.locator('.failures').innerText()).toMatch(/failed tr(y|ies)[^]*the API does not answer[^]*Try now/)
  const failed = async () => Number.parseInt(await page.locator('.failures').innerText(), 10)
  const before = await failed()
  await page.locator('.failures').getByRole('button', { name: 'Try now' }).click()
  await eventually(failed).toBeGreaterThan(before)
  await page.unroute(`${here.apiUrl}/**`)
  await sentAll(page, 100)
  await eventually(() => total(page, first)).toBe(100)
  await eventually(() => ledger(page, 'counted')).toBe(100)
})

test('the gateway restarted: the page says so, comes back by itself, registers again and catches up', async ({ here }) => {
  const first = here.ids[0]!
  const page = await here.visit()
  await ready(page)
  const before = (await total(page, first))!
  await here.gateway.stop()
  await eventually(() => lamps(page)).toContain('Counts away, retrying')
  await here.like(first, 3)
  await card(page, first).getByRole('button', { name: /^Like/ }).click() // works with the counts away
  await here.gateway.start()
  await ready(page)
  await eventually(() => total(page, first)).toBe(before + 4)
  await here.like(first, 2)
  await eventually(() => total(page, first)).toBe(before + 6)
  // The same, without a goodbye.
  await here.gateway.stop('SIGKILL')
  await eventually(() => lamps(page)).toContain('Counts away, retrying')
  await here.gateway.start()
  await ready(page)
  await here.like(first, 1)
  await eventually(() => total(page, first)).toBe(before + 7)
})

test('a gateway that hangs while windows end: the page is told of each', async ({ here }) => {
  const first = here.ids[0]!
  const page = await here.visit()
  await ready(page)
  await plan(page, [Array(10).fill(4), quiet, quiet])
  await send(page).click()
  // Final counts of some windows are due while nobody hears of them.
  await eventually(() => total(page, first)).toBeGreaterThan(8)
  await here.gateway.hang(3 * pane)
  await sentAll(page, 40)
  expect(await settled(page)).toEqual([40, 40, 40])
})

// Alone: it is everybody's Kafka.
test.sequential('Kafka restarted: counts go on where they were', async ({ here, world }) => {
  const first = here.ids[0]!
  const page = await here.visit()
  await ready(page)
  await here.like(first, 1)
  await eventually(() => total(page, first)).toBe(1)
  await world.kafka.stop()
  await world.kafka.start()
  await card(page, first).getByRole('button', { name: /^Like/ }).click()
  await eventually(() => total(page, first)).toBe(2)
})

test('a slow network: nothing is counted twice, and the page says what it waits for', async ({ here }) => {
  const first = here.ids[0]!
  const page = await here.open()
  const network = await page.context().newCDPSession(page)
  await network.send('Network.emulateNetworkConditions', {
    offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 20_000,
  })
  await page.goto(here.origin, { timeout: 60_000 })
  await ready(page)
  await plan(page, [[4, 4, 4, 4, 4, 4, 4, 4, 4, 4], quiet, quiet])
  await send(page).click()
  await sentAll(page, 40)
  await eventually(() => total(page, first)).toBe(40)
  await network.send('Network.emulateNetworkConditions', { offline: true, latency: 0, downloadThroughput: 0, uploadThroughput: 0 })
  await eventually(() => lamps(page)).toContain('Counts away')
  await network.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 })
  await ready(page)
})
