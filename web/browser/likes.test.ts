import { expect } from 'vitest'
import { card, cell, earlyInWindows, eventually, finished, ledger, paste, plan, ready, running, send, sentAll, settled, total } from './sight'
import { storiesWith } from './story'

const test = storiesWith(3)

test('a press of the heart is one like, and two browsers see it', async ({ here }) => {
  const first = here.ids[0]!
  const [one, two] = [await here.visit(), await here.visit({ viewport: { width: 390, height: 844 } })]
  await Promise.all([ready(one), ready(two)])
  const before = (await total(one, first))!
  await card(one, first).getByRole('button', { name: 'Like Stream processing made simple' }).click()
  await card(two, first).getByRole('button', { name: 'Like Stream processing made simple' }).press('Enter')
  for (const page of [one, two]) await eventually(() => total(page, first)).toBe(before + 2)
  // Whoever comes later is told the same at once.
  const three = await here.visit()
  await eventually(() => total(three, first)).toBe(before + 2)
})

test('likes sent by the page arrive as counts, exactly; two browsers see the same', async ({ here }) => {
  const [one, two] = [await here.visit(), await here.visit()]
  await Promise.all([ready(one), ready(two)])
  await plan(one, [
    [9, 0, 14, 3, 1, 0, 0, 25, 2, 7],
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  ])
  await send(one).click()
  await sentAll(one, 71)
  for (const page of [one, two]) {
    for (const [i, likes] of [61, 10, 0].entries()) await eventually(() => total(page, here.ids[i]!)).toBe(likes)
  }
  await eventually(() => ledger(one, 'counted')).toBe(71)
  expect(await ledger(one, 'planned')).toBe(71)
  expect(await one.locator('.ledger').innerText()).toContain('Every like that was sent is counted, once.')
  // Window by window too, of each length, and for good.
  for (const name of ['2 s', '10 s', '20 s']) {
    await one.locator('.ledger').getByRole('radio', { name }).check()
    expect(await settled(one), name).toEqual([71, 71, 71])
  }
  expect(await ledger(one, 'counted')).toBe(71)
})

test('running numbers fall to zero when their window is over, and the finished ones remember', async ({ here }) => {
  const third = here.ids[2]!
  const page = await here.visit()
  await ready(page)
  await earlyInWindows()
  await here.like(third, 5)
  for (const row of [1, 2]) await eventually(() => running(page, third, row)).toBe(5)
  for (const row of [0, 1, 2]) await eventually(() => running(page, third, row)).toBe(0)
  await eventually(() => finished(page, third, 2)).toBe(5)
})

test('a page that is loaded anew in mid-plan sends nothing twice, and goes on when told to', async ({ here }) => {
  const first = here.ids[0]!
  const page = await here.visit()
  await ready(page)
  await plan(page, [Array(10).fill(20), Array(10).fill(0), Array(10).fill(0)])
  await send(page).click()
  await eventually(() => total(page, first)).toBeGreaterThan(30)
  await page.reload()
  await ready(page)
  const state = page.locator('.run-state')
  await eventually(() => state.innerText()).toMatch(/Stopped in minute \d+ · \d+ of 200 likes sent/)
  expect(await cell(page, 0, 0).inputValue(), 'the plan is kept').toBe('20')
  await page.getByRole('button', { name: 'Continue' }).click()
  await sentAll(page, 200)
  await eventually(() => total(page, first)).toBe(200)
  await eventually(() => ledger(page, 'counted')).toBe(200)
  await page.locator('.ledger').getByRole('radio', { name: '20 s' }).check() // shorter ones may have closed meanwhile
  expect(await settled(page)).toEqual([200, 200, 200])
  expect(await total(page, first), 'for good').toBe(200)
})

test('an answer that is lost: the like is sent again, and the page says why more are counted', async ({ here }) => {
  const first = here.ids[0]!
  const page = await here.visit()
  await ready(page)
  let lost = 0
  await page.route(`${here.apiUrl}/videos/*/likes`, async (route) => {
    if (lost === 3) return route.continue()
    lost++
    await route.fetch() // it is counted,
    await route.abort('connectionreset') // and the page does not hear of it
  })
  await plan(page, [Array(10).fill(2), Array(10).fill(0), Array(10).fill(0)])
  await send(page).click()
  await sentAll(page, 20)
  await eventually(() => total(page, first)).toBe(20 + lost)
  expect(await page.locator('.failures').innerText()).toContain('3 without an answer, which may have been counted')
  await eventually(() => page.locator('.ledger').innerText()).toContain('3 more came from tries that got no answer')
})

test('a cell that was restored lets the focus go on', async ({ here }) => {
  const page = await here.visit()
  await ready(page)
  await cell(page, 0, 0).focus()
  await page.keyboard.type('99')
  // Faster than a frame, as fast hands and slow machines are.
  await page.evaluate(async () => {
    document.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
    document.querySelector<HTMLInputElement>('[data-cell="0.1"]')!.focus()
    const frame = () => new Promise(requestAnimationFrame)
    for (let i = 0; i < 3; i++) await frame()
  })
  await page.keyboard.type('12')
  await page.keyboard.press('Tab')
  expect(await cell(page, 0, 1).inputValue()).toBe('12')
})

test('the plan can be edited by keyboard alone', async ({ here }) => {
  const page = await here.visit()
  await ready(page)
  const at = (row: number, minute: number) => expect(cell(page, row, minute).evaluate((e) => e === document.activeElement))
  const row = page.locator('.plan-row').nth(1)
  await cell(page, 0, 0).focus()
  await page.keyboard.type('7')
  const others = (await Promise.all([1, 2, 3, 4].map((m) => cell(page, 0, m).inputValue()))).map(Number)
  expect(await row.locator('.plan-half').first().textContent(), 'sums at once').toBe(String(7 + others.reduce((a, b) => a + b)))
  await page.keyboard.press('Enter')
  await at(1, 0).resolves.toBe(true)
  await page.keyboard.press('ArrowUp')
  expect(await cell(page, 0, 0).inputValue()).toBe('7')
  await page.keyboard.type('99')
  await page.keyboard.press('Escape')
  expect(await cell(page, 0, 0).inputValue(), 'Escape restores').toBe('7')
  await page.keyboard.press('Tab')
  await at(0, 1).resolves.toBe(true)
  await page.keyboard.type('12')
  await page.keyboard.press('Tab')
  expect(await cell(page, 0, 1).inputValue(), 'Tab saves').toBe('12')
  await page.keyboard.press('ArrowRight')
  await at(0, 3).resolves.toBe(true)
  await page.keyboard.press('ArrowDown')
  await at(1, 3).resolves.toBe(true)
  await paste(page, '1\t2\t3')
  expect(await Promise.all([3, 4, 5].map((m) => cell(page, 1, m).inputValue()))).toEqual(['1', '2', '3'])
  const kept = await cell(page, 1, 6).inputValue()
  await cell(page, 1, 5).focus()
  await paste(page, '4\tmany')
  expect(await cell(page, 1, 5).inputValue(), 'one wrong cell, and nothing is pasted').toBe('3')
  expect(await cell(page, 1, 6).inputValue()).toBe(kept)
  expect(await page.locator('.plan-note').innerText()).toContain('many')
})
