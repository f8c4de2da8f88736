import type { CSSProperties } from 'react'
import { useValue } from '../hooks'
import { useParts } from '../parts'
import { windowAt } from '../windows'
import { bounds, left, length } from '../words'

/** The three windows that run now, on one scale: how they nest, and where in them we are. */
export function WindowsNow() {
  const { address, clock } = useParts()
  const { windows } = useValue(address.config)
  const now = useValue(clock.tick)
  const span = windowAt(now, windows[2]!.ms)
  const passed = (now - span.start) / windows[2]!.ms
  return (
    <section className="now" aria-labelledby="now-title" style={{ '--now': passed } as CSSProperties}>
      <h1 id="now-title">Likes, counted while they come</h1>
      <p className="lead">
        Every like falls into three windows. They tumble: when one ends, its count is final and the next begins at zero.
      </p>
      <dl>
        {[2, 1, 0].map((row) => {
          const ms = windows[row]!.ms
          const w = windowAt(now, ms)
          const parts = windows[2]!.ms / ms
          return (
            <div className="lane" key={row} data-row={row}>
              <dt>{length(ms)}</dt>
              <dd className="lane-bounds">{bounds(w)}</dd>
              <dd className="lane-left">{left(w.end, now)} left</dd>
              <dd className="track" aria-hidden="true">
                {Array.from({ length: parts }, (_, i) => {
                  const done = Math.min(Math.max(passed * parts - i, 0), 1)
                  return (
                    <span key={i} data-is={done === 1 ? 'over' : done > 0 ? 'now' : 'to-come'}>
                      <i style={{ transform: `scaleX(${done})` }} />
                    </span>
                  )
                })}
              </dd>
            </div>
          )
        })}
      </dl>
    </section>
  )
}
