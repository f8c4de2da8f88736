import { useEffect, useState, type CSSProperties } from 'react'
import { useValue } from '../hooks'
import { useParts } from '../parts'
import { windowAt } from '../windows'
import { bounds, length, number } from '../words'
import { Choice } from './choice'

const places = 6

/** The most liked videos of the window that runs. */
export function Trending() {
  const { trending, address, videos, clock } = useParts()
  const { windows } = useValue(address.config)
  const [row, setRow] = useState(2)
  const list = useValue(trending.list)
  const known = useValue(videos)
  const now = useValue(clock.tick)
  useEffect(() => trending.start(row), [trending, row])

  const current = windowAt(now, windows[row]!.ms)
  // A list of a window that is over is nobody's any more.
  const ranked = list && list.window === row && list.end > now ? list.videos : []
  const most = ranked[0]?.count ?? 1
  const title = (id: string) => known?.find((v) => v.id === id)?.title ?? id
  return (
    <aside className="trending" aria-labelledby="trending-title">
      <div className="heading">
        <h2 id="trending-title">Most liked</h2>
        <Choice name="Window" options={windows.map((w) => length(w.ms))} chosen={row} choose={setRow} />
      </div>
      <p className="quiet">in the window {bounds(current)}</p>
      <ol>
        {Array.from({ length: places }, (_, i) => {
          const v = ranked[i]
          return v ? (
            <li key={i} style={{ '--part': v.count / most } as CSSProperties}>
              <span className="trending-title">{title(v.id)}</span>
              <b>{number(v.count)}</b>
            </li>
          ) : (
            <li key={i} className="nobody" aria-hidden="true" />
          )
        })}
      </ol>
      <p className="quiet trending-none">
        {list === undefined ? 'The gateway does not tell at the moment.' : ranked.length === 0 ? 'No likes in this window yet.' : '\u00a0'}
      </p>
    </aside>
  )
}
