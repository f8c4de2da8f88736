import { useState } from 'react'
import { useValue } from '../hooks'
import { useParts } from '../parts'
import { Value } from '../value'
import { finished, running, type Counts } from '../windows'
import { bounds, left, length, number } from '../words'

type Props = { row: number; counts: Counts; connected: boolean; seen: boolean }

/**
 * The running number of one window size, and the one before it. Unseen, it is drawn anew with its
 * counts only, which are told at each roll-over.
 */
export function WindowNumber({ row, counts, connected, seen }: Props) {
  const { address, clock } = useParts()
  const { ms } = useValue(address.config).windows[row]!
  const tick = useValue(seen ? clock.tick : still)
  const now = tick === 0 ? clock.now() : tick
  const at = { now, ms, connected }
  const current = running(counts, row, at)
  const before = finished(counts, row, at)
  const text = number(current.count)
  const finishedText = number(before.count)
  const flash = useFlash(text, now)
  return (
    <section className="window" data-row={row}>
      <h4>{length(ms)}</h4>
      <p className="running" data-running data-long={text.length > 7 ? 2 : text.length > 5 ? 1 : 0}>
        <span className="unseen">running: </span>
        <span className={flash > 0 ? 'count flash' : 'count'} key={flash}>
          {text}
        </span>
      </p>
      <p className="bounds">{bounds(current)}</p>
      <p className="left">{left(current.end, now)} left</p>
      <p className="before" data-settled={before.settled}>
        <span className="unseen">{before.settled ? 'finished: ' : 'closing: '}</span>
        <b data-finished>{finishedText}</b>
        {finishedText.length <= roomFor && (
          <span className="state" aria-hidden="true">
            {before.settled ? 'final' : 'closing'}
          </span>
        )}
        <span className="bounds">{bounds(before)}</span>
      </p>
    </section>
  )
}

/** A number that grows by one where the text has changed, though at most once in restFor milliseconds. */
function useFlash(text: string, now: number): number {
  const [flash, setFlash] = useState({ n: 0, text, at: 0 })
  if (text === flash.text || now - flash.at < restFor) return flash.n
  setFlash({ n: flash.n + 1, text, at: now })
  return flash.n + 1
}

/** The longest number that has room for a word beside it. */
const roomFor = 5

/** How long a number does not flash after it did: one that changes all the time is calm. */
const restFor = 2000

/** The clock of what nobody sees. */
const still = new Value(0)
