import { memo, useRef, type KeyboardEvent } from 'react'
import { useGrowing, usePart, useValue } from '../hooks'
import { useParts } from '../parts'
import { minutes, sum, withDraft, type Row } from '../plan'
import { minuteOf } from '../progress'
import type { Video } from '../types'
import { number } from '../words'
import { PlanCell } from './plan-cell'

const columns = Array.from({ length: minutes }, (_, m) => m)
const half = minutes / 2

/** The plan: a row per video, a number per minute, and sums as one types. */
export function PlanTable({ videos }: { videos: readonly Video[] }) {
  const table = useRef<HTMLDivElement>(null)
  const { note } = useParts()
  const drawn = useGrowing(videos.length, 8)

  /** Goes to the cell beside: the focus leaves this one, which saves it. */
  const move = (event: KeyboardEvent, row: number, minute: number) => {
    const cell = table.current?.querySelector<HTMLInputElement>(`[data-cell="${row}.${minute}"]`)
    if (!cell) return false
    event.preventDefault()
    cell.focus()
    return true
  }

  return (
    <>
      <div className="plan" role="table" aria-label="Likes to send, by video and minute" aria-rowcount={videos.length + 2} ref={table}>
        <div role="row" className="plan-row plan-names">
          <span role="columnheader" className="plan-title">
            Video
          </span>
          {columns.map((m) => (
            <Minute key={m} m={m} />
          ))}
          <span role="columnheader" className="plan-half">
            1 to 5
          </span>
          <span role="columnheader" className="plan-half plan-half-2">
            6 to 10
          </span>
          <span role="columnheader" className="plan-all">
            All ten
          </span>
          <span role="columnheader" className="plan-sent">
            Sent
          </span>
        </div>
        {videos.slice(0, drawn).map((video, i) => (
          <PlanRow key={video.id} video={video} i={i} move={move} />
        ))}
        <Sums />
      </div>
      <p className="plan-note">{useValue(note) || '\u00a0'}</p>
    </>
  )
}

function Minute({ m }: { m: number }) {
  const { run } = useParts()
  const now = usePart(run.progress, (p) => p.phase === 'running' && minuteOf(p) === m)
  return (
    <span role="columnheader" className="plan-minute" data-m={m} data-now={now}>
      {m + 1}
    </span>
  )
}

type RowProps = { video: Video; i: number; move: (event: KeyboardEvent, row: number, minute: number) => boolean }

const PlanRow = memo(function PlanRow({ video: { id, title }, i, move }: RowProps) {
  const parts = useParts()
  const row = usePart(parts.plan.rows, (rows) => rows.get(id))
  const draft = usePart(parts.plan.draft, (d) => (d?.id === id ? d : undefined))
  const over = usePart(parts.run.progress, minuteOf)
  if (!row) return null
  const pasteRows = (rows: number[][], minute: number) => {
    const ids = [...parts.plan.rows.get().keys()].slice(i)
    parts.edit(...ids.slice(0, rows.length).map((id, down) => ({ id, minute, values: rows[down]! })))
  }
  return (
    <div role="row" className="plan-row">
      <span role="rowheader" className="plan-title" title={title}>
        {title}
      </span>
      {columns.map((m) => (
        <span role="cell" key={m} className="plan-minute" data-m={m} data-over={m < over}>
          <PlanCell
            name={`${title}, minute ${m + 1}`}
            place={`${i}.${m}`}
            value={row[m] ?? 0}
            locked={m < over}
            drafts={(value) => parts.plan.draft.set(value === undefined ? undefined : { id, minute: m, value })}
            save={(value) => parts.edit({ id, minute: m, values: [value] })}
            say={(text) => parts.say(text)}
            paste={(rows) => pasteRows(rows, m)}
            move={(event, down, right) => move(event, i + down, m + right)}
          />
        </span>
      ))}
      <RowSums row={withDraft(row, id, draft)} />
      <Sent id={id} />
    </div>
  )
})

function RowSums({ row }: { row: Row }) {
  return (
    <>
      <span role="cell" className="plan-half">
        {number(sum(row.slice(0, half)))}
      </span>
      <span role="cell" className="plan-half plan-half-2">
        {number(sum(row.slice(half)))}
      </span>
      <span role="cell" className="plan-all">
        {number(sum(row))}
      </span>
    </>
  )
}

/** How many were sent: of one video, or of all. */
function Sent({ id }: { id?: string }) {
  const { run } = useParts()
  const one = usePart(run.sent, (all) => (id === undefined ? 0 : (all.get(id) ?? 0)))
  const all = usePart(run.progress, (p) => (id === undefined ? p.sent : 0))
  return (
    <span role="cell" className="plan-sent">
      {number(one + all)}
    </span>
  )
}

/** All videos together. */
function Sums() {
  const { plan } = useParts()
  const rows = useValue(plan.rows)
  const draft = useValue(plan.draft)
  const all = columns.map(() => 0)
  for (const [id, row] of rows) withDraft(row, id, draft).forEach((n, m) => (all[m] = (all[m] ?? 0) + n))
  return (
    <div role="row" className="plan-row plan-sums">
      <span role="rowheader" className="plan-title">
        All videos
      </span>
      {columns.map((m) => (
        <span role="cell" key={m} className="plan-minute" data-m={m}>
          {number(all[m])}
        </span>
      ))}
      <RowSums row={all} />
      <Sent />
    </div>
  )
}
