import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { card, cell, eventually, finished, lamps, ledger, paste, plan, ready, running, send, sentAll, total } from './sight'
import { pane, World } from './world'

// What the original page gets wrong, by the words of the contract: our users must never see it.

let world: World
beforeAll(async () => void (world = await World.start({ videos: 8 })))
afterEach(() => world.leave())
afterAll(() => world?.stop())

const first = 'video-1'
const only = (row: number[]) => [row, ...Array.from({ length: 7 }, () => Array(10).fill(0))]

describe('never again', () => {
  test('blank when the API is down', async () => {
    const page = await world.open()
    await page.route(`${world.apiUrl}/**`, (route) => route.abort('connectionrefused'))
    await page.goto(world.origin)
    await eventually(() => lamps(page)).toContain('Likes away')
    expect(await page.locator('main').innerText()).toContain('Likes, counted while they come')
    // Somebody else's likes are shown, although nobody knows the titles.
    await eventually(async () => {
      await world.like(first, 1) // one may fall into a window that ends before it is asked for
      return page.locator('.card').count()
    }).toBeGreaterThan(0)
    await eventually(() => total(page, first)).toBeGreaterThan(0)
  })

  test('the socket gives up after one failed try, with no sign of it', async () => {
    const page = await world.open()
    let tries = 0
    await page.routeWebSocket(/socket\.io/, (socket) => {
      tries++
      if (tries <= 3) void socket.close()
      else socket.connectToServer()
    })
    await page.goto(world.origin)
    await eventually(() => lamps(page)).toContain('Counts away, retrying')
    await ready(page)
    expect(tries).toBeGreaterThan(3)
  })

  test('a reconnect that registers nothing', async () => {
    const page = await world.visit()
    await ready(page)
    const before = (await total(page, first)) ?? 0
    await page.evaluate(() => dispatchEvent(new Event('offline')))
    await eventually(() => lamps(page)).toContain('Counts away')
    await ready(page)
    await world.like(first, 1)
    await eventually(() => total(page, first)).toBe(before + 1)
  })

  test('addresses compiled in', async () => {
    // Under another name of this machine, at other ports than the usual: it works all the same.
    const page = await world.open()
    const asked = new Set<string>()
    page.on('request', (request) => asked.add(new URL(request.url()).origin))
    const origin = world.origin.replace('127.0.0.1', 'localhost')
    const answers = await fetch(`${origin}/config.json`).then((r) => r.ok, () => false)
    const there = answers ? origin : world.origin
    await page.goto(there)
    await ready(page)
    const api = new URL(world.apiUrl)
    api.hostname = new URL(there).hostname
    expect([...asked].filter((o) => o.startsWith('http') && !o.startsWith('blob'))).toEqual(
      expect.arrayContaining([there, api.origin]),
    )
    expect([...asked].every((o) => [there, api.origin, 'null'].includes(o)), [...asked].join(' ')).toBe(true)
  })

  test('counters that never go down after the likes stopped', async () => {
    const page = await world.visit()
    await ready(page)
    await world.like('video-2', 3)
    await eventually(() => running(page, 'video-2', 2)).toBeGreaterThan(0)
    for (const row of [0, 1, 2]) await eventually(() => running(page, 'video-2', row)).toBe(0)
  })

  test('"Wait" timed from page load, so that a second click doubles the plan', async () => {
    const page = await world.visit()
    await ready(page)
    const before = (await total(page, first)) ?? 0
    await plan(page, only([5, 5, 5, 5, 5, 5, 5, 5, 5, 5]))
    await page.waitForTimeout(pane) // the click comes long after the load
    await send(page).dblclick()
    expect(await send(page).innerText()).toBe('Wait')
    expect(await send(page).isDisabled()).toBe(true)
    await eventually(() => ledger(page, 'sent')).toBeGreaterThan(10)
    expect(await send(page).innerText(), 'it reads Wait for as long as it runs').toBe('Wait')
    await sentAll(page, 50)
    expect(await send(page).innerText()).toBe('Send likes')
    await eventually(() => total(page, first)).toBe(before + 50)
  })

  test('edits after the click ignored without a sign', async () => {
    const page = await world.visit()
    await ready(page)
    const before = (await total(page, first)) ?? 0
    await plan(page, only([2, 2, 2, 2, 2, 2, 2, 2, 2, 100]))
    await send(page).click()
    await cell(page, 0, 9).fill('7')
    await page.keyboard.press('Enter')
    expect(await page.locator('.plan-note').innerText()).toBe('The running plan now has 7 for minute 10 of “Stream processing made simple”.')
    await eventually(() => cell(page, 0, 0).getAttribute('readonly')).not.toBeNull() // its minute is over
    await sentAll(page, 25)
    await eventually(() => total(page, first)).toBe(before + 25)
  })

  test('`abc` → NaN, −5, 100000 accepted', async () => {
    const page = await world.visit()
    await ready(page)
    const value = await cell(page, 0, 0).inputValue()
    for (const [typed, word] of [['abc', 'Whole numbers only'], ['-5', 'Not below 0'], ['100001', 'At most 100,000'], ['1.5', 'Whole numbers only']] as const) {
      await cell(page, 0, 0).fill(typed)
      expect(await page.locator('.word').innerText()).toContain(word)
      expect(await cell(page, 0, 0).getAttribute('aria-invalid')).toBe('true')
      await page.keyboard.press('Tab')
      expect(await cell(page, 0, 0).inputValue(), typed).toBe(value)
      expect(await page.locator('.plan-note').innerText()).toContain(word)
    }
    expect(await page.locator('.plan').innerText()).not.toContain('NaN')
  })

  test('bursts at one instant instead of spread over the minute', async () => {
    const page = await world.visit()
    await ready(page)
    const sent: number[] = []
    let atOnce = 0
    let most = 0
    await page.route(`${world.apiUrl}/videos/*/likes`, async (route) => {
      sent.push(Date.now())
      most = Math.max(most, ++atOnce)
      const response = await route.fetch()
      atOnce--
      await route.fulfill({ response })
    })
    await plan(page, only([40, 40, 0, 0, 0, 0, 0, 0, 0, 0]))
    await send(page).click()
    await sentAll(page, 80)
    expect(most, 'requests at a time').toBeLessThanOrEqual(6)
    // Eight parts of two panes: none is empty, none has all.
    const parts = Array.from({ length: 8 }, (_, i) => sent.filter((at) => Math.floor((at - sent[0]!) / (pane / 4)) === i).length)
    expect(Math.min(...parts.slice(0, 7)), parts.join(' ')).toBeGreaterThan(0)
    expect(Math.max(...parts), parts.join(' ')).toBeLessThan(40)
  })

  test('failures only in the console', async () => {
    const page = await world.visit()
    await ready(page)
    await page.route('**/likes', (route) =>
      route.fulfill({ status: 503, headers: { 'retry-after': '1', 'access-control-allow-origin': '*' }, contentType: 'application/problem+json', body: '{"detail":"Kafka is asleep"}' }),
    )
    await card(page, first).getByRole('button', { name: /^Like/ }).click()
    await eventually(() => card(page, first).innerText()).toContain('1 not sent: Kafka is asleep')
    await plan(page, only([5, 5, 5, 5, 5, 5, 5, 5, 5, 5]))
    await send(page).click()
    await eventually(() => page.locator('.failures').innerText()).toMatch(/failed tr(y|ies)[^]*without an answer[^]*Kafka is asleep/)
    await page.getByRole('button', { name: 'Stop' }).click()
    await eventually(() => page.locator('.run-state').innerText()).toContain('Stopped')
    await page.unroute('**/likes')
    await card(page, first).getByRole('button', { name: 'Send again' }).click()
    await eventually(() => card(page, first).locator('.like-failed').count()).toBe(0)
  })

  test('unusable at 390 px, by keyboard, with eight videos', async () => {
    const page = await world.visit({ viewport: { width: 390, height: 844 }, hasTouch: true })
    await ready(page)
    await eventually(() => page.locator('.card').count()).toBe(8)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    const small = await page.locator('button:visible:not(.link), .plan-minute input').evaluateAll((all) =>
      all.map((e) => e.getBoundingClientRect()).filter((r) => r.height < 24 || r.width < 24).length,
    )
    expect(small, 'targets below 24 px').toBe(0)
    // All of it by Tab: the skip link first, then everything, with the focus to be seen.
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the videos')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab') // −
    await page.keyboard.press('Enter')
    await eventually(() => page.locator('.card').count()).toBe(7)
    for (let i = 0; i < 6; i++) await page.getByRole('button', { name: 'Show one video less' }).press('Enter')
    expect(await page.locator('.card').count()).toBe(1)
    expect(await page.getByRole('button', { name: 'Show one video less' }).isDisabled(), 'at least one').toBe(true)
    await page.getByRole('button', { name: 'all', exact: true }).press('Enter')
    expect(await page.locator('.card').count(), 'at most all').toBe(8)
    await cell(page, 7, 9).focus()
    await page.keyboard.type('3')
    await page.keyboard.press('Shift+Enter')
    expect(await cell(page, 7, 9).inputValue()).toBe('3')
    await paste(page, '8')
    expect(await cell(page, 6, 9).inputValue()).toBe('8')
  })

  test('tumbling counts labelled as if they were sliding', async () => {
    const page = await world.visit()
    await ready(page)
    expect(await page.locator('.now').innerText()).toContain('They tumble')
    const window = card(page, first).locator('[data-row="1"]')
    expect(await window.locator('h4').innerText()).toBe('10 s')
    // Its bounds, to the second where a window is that short, and the time left.
    expect(await window.innerText()).toMatch(/\d\d:\d\d:\d0–\d0\s+\d+ s left/)
    expect(await page.locator('body').innerText()).not.toMatch(/last (1|5|10) min/i)
    expect(await finished(page, first, 1)).not.toBeUndefined()
  })
})
