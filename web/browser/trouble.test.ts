import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { card, eventually, lamps, ledger, plan, ready, send, sentAll, total } from './sight'
import { World } from './world'

let world: World
beforeAll(async () => void (world = await World.start({ videos: 3 })))
afterEach(() => world.leave())
afterAll(() => world?.stop())

const first = 'video-1'
const quiet = Array(10).fill(0)

test('the API away: the page is there, counts go on, likes say that they failed; back again, all is well', async () => {
  await world.api.stop()
  const page = await world.open()
  const noise: string[] = []
  page.on('pageerror', (error) => noise.push(error.message))
  await page.goto(world.origin)
  await eventually(() => lamps(page)).toMatch(/Counts live[^]*Likes away, retrying/)
  expect(await page.getByRole('heading', { level: 1 }).isVisible()).toBe(true)
  expect(await page.locator('.empty').innerText()).toContain('asked for until it does')
  await world.api.start()
  await ready(page)
  await eventually(() => page.locator('.card').count()).toBe(3)

  // It goes away again, with the list known.
  await world.api.stop()
  const before = (await total(page, first))!
  await card(page, first).getByRole('button', { name: /^Like/ }).click()
  await eventually(() => card(page, first).locator('.like-failed').innerText()).toContain('1 not sent: the API does not answer')
  expect(await lamps(page)).toContain('Likes away')
  await page.reload()
  await eventually(() => page.locator('.card').count(), ).toBe(3)
  await world.api.start()
  await ready(page)
  await card(page, first).getByRole('button', { name: /^Like/ }).click()
  await eventually(() => total(page, first)).toBe(before + 1)
  expect(noise).toEqual([])
})

test('the API away in mid-plan: the failures are shown, and the plan is complete in the end', async () => {
  const page = await world.visit()
  await ready(page)
  const before = (await total(page, first))!
  await plan(page, [Array(10).fill(10), quiet, quiet])
  await send(page).click()
  await eventually(() => ledger(page, 'sent')).toBeGreaterThan(5)
  // Nothing is on its way while it is cut, so that what failed is known to have failed.
  await page.route(`${world.apiUrl}/**`, (route) => route.abort('connectionrefused'))
  await eventually(() => page.locator('.failures').innerText()).toMatch(/failed tr(y|ies)[^]*the API does not answer[^]*Try now/)
  await page.unroute(`${world.apiUrl}/**`)
  await page.locator('.failures').getByRole('button', { name: 'Try now' }).click({ timeout: 2000 }).catch(() => undefined)
  await sentAll(page, 100)
  await eventually(() => total(page, first)).toBe(before + 100)
  await eventually(() => ledger(page, 'counted')).toBe(100)
})

test('the gateway restarted: the page says so, comes back by itself, registers again and catches up', async () => {
  const page = await world.visit()
  await ready(page)
  const before = (await total(page, first))!
  await world.gateway.stop()
  await eventually(() => lamps(page)).toContain('Counts away, retrying')
  await world.like(first, 3)
  await card(page, first).getByRole('button', { name: /^Like/ }).click() // works with the counts away
  await world.gateway.start()
  await ready(page)
  await eventually(() => total(page, first)).toBe(before + 4)
  await world.like(first, 2)
  await eventually(() => total(page, first)).toBe(before + 6)
  // The same, without a goodbye.
  await world.gateway.stop('SIGKILL')
  await eventually(() => lamps(page)).toContain('Counts away, retrying')
  await world.gateway.start()
  await ready(page)
  await world.like(first, 1)
  await eventually(() => total(page, first)).toBe(before + 7)
})

test('Kafka restarted: counts go on where they were', async () => {
  const page = await world.visit()
  await ready(page)
  await world.like(first, 1)
  const before = (await total(page, first))!
  await world.kafka.stop()
  await world.kafka.start()
  const like = card(page, first).getByRole('button', { name: /^Like/ })
  await like.click()
  await eventually(() => total(page, first)).toBeGreaterThan(before)
})

test('a slow network: nothing is counted twice, and the page says what it waits for', async () => {
  const page = await world.open()
  const network = await page.context().newCDPSession(page)
  await network.send('Network.emulateNetworkConditions', {
    offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 20_000,
  })
  await page.goto(world.origin, { timeout: 60_000 })
  await ready(page)
  const before = (await total(page, first))!
  await plan(page, [[4, 4, 4, 4, 4, 4, 4, 4, 4, 4], quiet, quiet])
  await send(page).click()
  await sentAll(page, 40)
  await eventually(() => total(page, first)).toBe(before + 40)
  await network.send('Network.emulateNetworkConditions', { offline: true, latency: 0, downloadThroughput: 0, uploadThroughput: 0 })
  await eventually(() => lamps(page)).toContain('Counts away')
  await network.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 })
  await ready(page)
})
