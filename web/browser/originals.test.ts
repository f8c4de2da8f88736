import { describe, expect } from 'vitest'
import { card, cell, earlyInWindows, eventually, finished, lamps, ledger, paste, plan, ready, running, send, sentAll, total } from './sight'
import { storiesWith } from './story'
import { pane } from './world'

// What the original page gets wrong, by the words of the contract: our users must never see it.

const test = storiesWith(8)
const only = (row: number[]) => [row, ...Array.from({ length: 7 }, () => Array(10).fill(0))]

describe('never again', () => {
  // First, and alone: of all that is liked, six are shown.
  test.sequential('blank when the API is down', async ({ here }) => {
    const first = here.ids[0]!
    const page = await here.open()
    await page.route(`${here.apiUrl}/**`, (route) => route.abort('connectionrefused'))
    await page.goto(here.origin)
    await eventually(() => lamps(page)).toContain('Likes away')
    expect(await page.locator('main').innerText()).toContain('Likes, counted while they come')
    // Somebody else's likes are shown, although nobody knows the titles.
    await eventually(async () => {
      await here.like(first, 1) // one may fall into a window that ends before it is asked for
      return page.locator('.card').count()
    }).toBeGreaterThan(0)
    await eventually(() => total(page, first)).toBeGreaterThan(0)
  })

  test('the socket gives up after one failed try, with no sign of it', async ({ here }) => {
    const page = await here.open()
    let tries = 0
    await page.routeWebSocket(/socket\.io/, (socket) => {
      tries++
      if (tries <= 3) void socket.close()
      else socket.connectToServer()
    })
    await page.goto(here.origin)
    await eventually(() => lamps(page)).toContain('Counts away, retrying')
    await ready(page)
    expect(tries).toBeGreaterThan(3)
  })

  test('a reconnect that registers nothing', async ({ here }) => {
    const first = here.ids[0]!
    const page = await here.visit()
    await ready(page)
    const before = (await total(page, first)) ?? 0
    await page.evaluate(() => dispatchEvent(new Event('offline')))
    await eventually(() => lamps(page)).toContain('Counts away')
    await ready(page)
    await here.like(first, 1)
    await eventually(() => total(page, first)).toBe(before + 1)
  })

  test('addresses compiled in', async ({ here }) => {
    // Under another name of this machine, at other ports than the usual: it works all the same.
    const page = await here.open()
    const asked = new Set<string>()
    page.on('request', (request) => asked.add(new URL(request.url()).origin))
    const origin = here.origin.replace('127.0.0.1', 'localhost')
    const answers = await fetch(`${origin}/config.json`).then((r) => r.ok, () => false)
    const there = answers ? origin : here.origin
    await page.goto(there)
    await ready(page)
    const api = new URL(here.apiUrl)
    api.hostname = new URL(there).hostname
    expect([...asked].filter((o) => o.startsWith('http') && !o.startsWith('blob'))).toEqual(
      expect.arrayContaining([there, api.origin]),
    )
    expect([...asked].every((o) => [there, api.origin, 'null'].includes(o)), [...asked].join(' ')).toBe(true)
  })

  test('counters that never go down after the likes stopped', async ({ here }) => {
    const second = here.ids[1]!
    const page = await here.visit()
    await ready(page)
    await earlyInWindows()
    await here.like(second, 3)
    await eventually(() => running(page, second, 2)).toBe(3)
    for (const row of [0, 1, 2]) await eventually(() => running(page, second, row)).toBe(0)
  })

  test('"Wait" timed from page load, so that a second click doubles the plan', async ({ here }) => {
    const first = here.ids[0]!
    const page = await here.visit()
    await ready(page)
    const before = (await total(page, first)) ?? 0
    await plan(page, only([5, 5, 5, 5, 5, 5, 5, 5, 5, 5]))
    const minute = () => card(page, first).locator('[data-row="0"] p.bounds').innerText()
    const loaded = await minute()
    await eventually(async () => (await minute()) !== loaded).toBe(true) // the click comes long after the load
    await send(page).dblclick()
    expect(await send(page).innerText()).toBe('Wait')
    expect(await send(page).isDisabled()).toBe(true)
    await eventually(() => ledger(page, 'sent')).toBeGreaterThan(10)
    expect(await send(page).innerText(), 'it reads Wait for as long as it runs').toBe('Wait')
    await sentAll(page, 50)
    expect(await send(page).innerText()).toBe('Send likes')
    await eventually(() => total(page, first)).toBe(before + 50)
  })

  test('edits after the click ignored without a sign', async ({ here }) => {
    const first = here.ids[0]!
    const page = await here.visit()
    await ready(page)
    const before = (await total(page, first)) ?? 0
    await plan(page, only([2, 2, 2, 2, 2, 2, 2, 2, 2, 100]))
    await send(page).click()
    await cell(page, 0, 9).fill('7')
    await page.keyboard.press('Enter')
    expect(await page.locator('.plan-note').innerText()).toBe('The running plan now has 7 for minute 10 of “Stream processing made simple”.')
    await eventually(() => cell(page, 0, 0).isEditable()).toBe(false) // its minute is over
    await sentAll(page, 25)
    await eventually(() => total(page, first)).toBe(before + 25)
  })

  test('`abc` → NaN, −5, 100000 accepted', async ({ here }) => {
    const page = await here.visit()
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

  test('bursts at one instant instead of spread over the minute', async ({ here }) => {
    const page = await here.open()
    await page.clock.install()
    await page.goto(here.origin)
    await ready(page)
    let sent = 0
    let now = 0
    let most = 0
    await page.route(`${here.apiUrl}/videos/*/likes`, async (route) => {
      sent++
      most = Math.max(most, ++now)
      const response = await route.fetch()
      now--
      await route.fulfill({ response })
    })
    await plan(page, only([40, 16, 0, 0, 0, 0, 0, 0, 0, 0]))
    // The page's time goes by as we say, an eighth of a minute at a time: no machine is too slow.
    await page.clock.pauseAt(Date.now() + 10_000)
    await send(page).click()
    for (const each of [5, 2]) {
      for (let eighth = 1; eighth <= 8; eighth++) {
        const want = sent + each
        await page.clock.runFor(pane / 8)
        await eventually(() => sent).toBe(want)
      }
    }
    await eventually(() => now).toBe(0)
    expect(most, 'requests at a time').toBeLessThanOrEqual(6)
  })

  test('failures only in the console', async ({ here }) => {
    const first = here.ids[0]!
    const page = await here.visit()
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

  test('unusable at 390 px, by keyboard, with eight videos', async ({ here }) => {
    const page = await here.visit({ viewport: { width: 390, height: 844 }, hasTouch: true })
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

  test('tumbling counts labelled as if they were sliding', async ({ here }) => {
    const first = here.ids[0]!
    const page = await here.visit()
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
