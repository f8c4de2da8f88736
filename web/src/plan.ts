import { recall, remember } from './remember'
import { Value } from './value'

/** A plan has a number of likes for each of ten minutes. */
export const minutes = 10
export const most = 100_000 // likes a minute, of one video

export type Row = readonly number[]

const defaults: Row = [10, 20, 30, 40, 50, 11, 21, 31, 41, 51]

/** The row a video begins with: the same for all, and up to 19 more a minute of its own. */
export function firstRow(random: () => number = Math.random): Row {
  const more = Math.floor(random() * 20)
  return defaults.map((n) => n + more)
}

export type Cell = { value: number } | { wrong: string }

/** What somebody typed into a cell: a number, or a word about what is wrong with it. */
export function readCell(text: string): Cell {
  const typed = text.trim()
  if (typed === '') return { wrong: 'Type a number, 0 to 100,000.' }
  if (/^-\s*\d+$/.test(typed)) return { wrong: 'Not below 0.' }
  // 1,000 and 1 000 are numbers to people, and to spreadsheets.
  const digits = /^\d{1,3}([,\u00a0\u202f ]\d{3})+$/.test(typed) ? typed.replace(/\D/g, '') : typed
  if (!/^\d+$/.test(digits)) return { wrong: 'Whole numbers only, such as 40.' }
  if (digits.length > 9 || Number(digits) > most) return { wrong: 'At most 100,000 a minute.' }
  return { value: Number(digits) }
}

export type Pasted = { rows: number[][] } | { wrong: string }

/** Lines of numbers, as a spreadsheet copies them; a single line may use commas or spaces too. */
export function readPaste(text: string): Pasted {
  const lines = text.replace(/\r/g, '').replace(/\n+$/, '').split('\n')
  const rows: number[][] = []
  for (const line of lines) {
    const cells = line.trim().split(line.includes('\t') ? '\t' : /[;,\s]+/)
    const row: number[] = []
    for (const text of cells) {
      const cell = readCell(text)
      if ('wrong' in cell) return { wrong: `Nothing was pasted: “${text.slice(0, 20)}”. ${cell.wrong}` }
      row.push(cell.value)
    }
    rows.push(row)
  }
  return { rows }
}

export const sum = (row: Row): number => row.reduce((a, b) => a + b, 0)

/**
 * How many of a row's likes are due once this part of the plan, in minutes, has passed. Each
 * minute's likes are spread evenly over the minute; phase, from 0 to below 1, keeps the rows from
 * beating in time.
 */
export function due(row: Row, passed: number, phase: number): number {
  const whole = Math.min(Math.floor(passed), minutes)
  let likes = 0
  for (let m = 0; m < whole; m++) likes += row[m] ?? 0
  return whole === minutes ? likes : likes + Math.floor((row[whole] ?? 0) * (passed - whole) + phase)
}

/** A number that is being typed and counts in the sums already, but is not in the plan yet. */
export type Draft = { id: string; minute: number; value: number }

/** Numbers for a video, from a minute on. */
export type Edit = { id: string; minute: number; values: readonly number[] }

export type Rows = ReadonlyMap<string, Row>

/** The plan as it is edited. What is saved is kept over a reload. */
export class Plan {
  readonly rows = new Value<Rows>(recall('session', 'plan', readRows) ?? new Map())
  readonly draft = new Value<Draft | undefined>(undefined)

  /** Has a row for each of these videos, and no other: the one there is, or a first one. */
  cover(ids: readonly string[]): void {
    const before = this.rows.get()
    if (ids.length === before.size && ids.every((id) => before.has(id))) return
    this.#save(new Map(ids.map((id) => [id, before.get(id) ?? firstRow()])))
  }

  row(id: string): Row {
    return this.rows.get().get(id) ?? []
  }

  /** Writes numbers into rows; what changes nothing, or is of no row, is as if it had not been. */
  set(...edits: readonly Edit[]): void {
    const rows = new Map(this.rows.get())
    let changed = false
    for (const { id, minute, values } of edits) {
      const before = rows.get(id) ?? []
      const row = before.map((n, m) => values[m - minute] ?? n)
      if (row.every((n, m) => n === before[m])) continue
      rows.set(id, row)
      changed = true
    }
    if (changed) this.#save(rows)
  }

  #save(rows: Rows): void {
    this.rows.set(rows)
    remember('session', 'plan', [...rows])
  }
}

/** A row with what is being typed into it. */
export function withDraft(row: Row, id: string, draft: Draft | undefined): Row {
  return draft?.id === id ? row.map((n, m) => (m === draft.minute ? draft.value : n)) : row
}

function readRows(value: unknown): Rows | undefined {
  const isRow = (row: unknown) =>
    Array.isArray(row) && row.length === minutes && row.every((n) => Number.isInteger(n) && n >= 0 && n <= most)
  if (!Array.isArray(value) || !value.every((v) => Array.isArray(v) && isRow(v[1]))) return undefined
  return new Map(value as [string, Row][])
}
