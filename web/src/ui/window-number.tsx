import { useValue } from '../hooks'
import { useParts } from '../parts'
import { finished, running, type Counts } from '../windows'
import { bounds, left, length, number } from '../words'

type Props = { row: number; counts: Counts; connected: boolean; seen: boolean }

/** The running number of one window size, and the one before it. Unseen, it ticks once a window. */
export function WindowNumber({ row, counts, connected, seen }: Props) {
  const { address, clock } = useParts()
  const { ms } = useValue(address.config).windows[row]!
  const now = useValue(seen ? clock.tick : clock.roll)
  const at = { now, ms, connected }
  const current = running(counts, row, at)
  const before = finished(counts, row, at)
  const text = number(current.count)
  return (
    <section className="window" data-row={row}>
      <h4>{length(ms)}</h4>
      <p className="running" data-running data-long={text.length > 7 ? 2 : text.length > 5 ? 1 : 0}>
        <span className="unseen">running: </span>
        <span className="count" key={text}>
          {text}
        </span>
      </p>
      <p className="bounds">{bounds(current)}</p>
      <p className="left">{left(current.end, now)} left</p>
      <p className="before" data-settled={before.settled}>
        <span className="unseen">{before.settled ? 'finished: ' : 'closing: '}</span>
        <b data-finished>{number(before.count)}</b>
        <span className="bounds">{bounds(before)}</span>
      </p>
    </section>
  )
}
