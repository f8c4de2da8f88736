import { describe, expect, test } from 'vitest'
import { due, firstRow, minutes, readCell, readPaste, sum, withDraft } from '../src/plan'

test('a row begins with the defaults and up to 19 more', () => {
  expect(firstRow(() => 0)).toEqual([10, 20, 30, 40, 50, 11, 21, 31, 41, 51])
  expect(firstRow(() => 0.999)).toEqual([29, 39, 49, 59, 69, 30, 40, 50, 60, 70])
})

describe('a cell takes whole numbers from 0 to 100,000, and says a word about all else', () => {
  test.each([
    ['0', 0], ['100000', 100_000], [' 40 ', 40], ['007', 7], ['1,000', 1000], ['10 000', 10_000],
  ])('%j is %d', (text, value) => expect(readCell(text)).toEqual({ value }))

  test.each([
    ['', 'Type a number'], ['abc', 'Whole numbers'], ['-5', 'Not below 0'], ['1.5', 'Whole numbers'],
    ['1e3', 'Whole numbers'], ['0x10', 'Whole numbers'], ['NaN', 'Whole numbers'], ['100001', 'At most 100,000'],
    ['99999999999999999999', 'At most 100,000'], ['1,00', 'Whole numbers'], ['٣', 'Whole numbers'],
  ])('%j is wrong: %s', (text, word) => expect(readCell(text)).toEqual({ wrong: expect.stringContaining(word) }))
})

describe('pasting', () => {
  test.each([
    ['a row of a spreadsheet', '1\t2\t3\n', [[1, 2, 3]]],
    ['two rows', '1\t2\r\n3\t4\r\n', [[1, 2], [3, 4]]],
    ['commas', '1, 2, 3', [[1, 2, 3]]],
    ['spaces', '5 6', [[5, 6]]],
    ['thousands between tabs', '1,000\t2', [[1000, 2]]],
  ])('%s', (_, text, rows) => expect(readPaste(text)).toEqual({ rows }))

  test('one wrong cell, and nothing is pasted', () => {
    expect(readPaste('1\tabc\t3')).toEqual({ wrong: expect.stringContaining('“abc”') })
  })
})

test('a minute’s likes are spread evenly over it', () => {
  const row = [60, 0, 7, 0, 0, 0, 0, 0, 0, 100_000]
  for (const phase of [0, 0.3, 0.99]) {
    expect(due(row, 0, phase)).toBe(0)
    for (let second = 1; second <= 60; second++) {
      const likes = due(row, second / 60, phase) - due(row, (second - 1) / 60, phase)
      expect(likes, `second ${second}, phase ${phase}`).toBeLessThanOrEqual(2)
    }
    for (let m = 0; m <= minutes; m++) expect(due(row, m, phase)).toBe(sum(row.slice(0, m)))
    expect(due(row, minutes + 5, phase)).toBe(sum(row))
  }
})

test('what is being typed counts in the sums at once', () => {
  expect(withDraft([1, 2, 3], 'v', { id: 'v', minute: 1, value: 50 })).toEqual([1, 50, 3])
  expect(withDraft([1, 2, 3], 'v', { id: 'w', minute: 1, value: 50 })).toEqual([1, 2, 3])
})
