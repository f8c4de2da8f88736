import { memo, useEffect, useRef } from 'react'
import { useOnScreen, useValue } from '../hooks'
import { useParts } from '../parts'
import type { Video } from '../types'
import { number } from '../words'
import { LikeButton } from './like-button'
import { Picture } from './picture'
import { RateChart } from './rate-chart'
import { WindowNumber } from './window-number'

/** A video: its picture, its counts, and a heart to press; or the place where it is to be drawn. */
export const VideoCard = memo(function VideoCard({ video, drawn }: { video: Video; drawn: boolean }) {
  const { live } = useParts()
  const card = useRef<HTMLLIElement>(null)
  const seen = useOnScreen(card)
  useEffect(() => (seen ? live.look(video.id) : undefined), [live, seen, video.id])
  const title = video.title === video.id ? `Video ${video.id.slice(0, 8)}` : video.title
  return (
    <li className="card" ref={card} data-video={video.id}>
      {drawn && (
        <article aria-label={title}>
          <Picture id={video.id} />
          <div className="card-head">
            <h3 title={title}>{title}</h3>
            <LikeButton id={video.id} title={title} />
          </div>
          <Numbers id={video.id} seen={seen} />
        </article>
      )}
    </li>
  )
})

/** Whoever does not see the card can still read it; its chart is for those who do. */
function Numbers({ id, seen }: { id: string; seen: boolean }) {
  const { live } = useParts()
  const counts = useValue(live.of(id))
  const connected = useValue(live.connection).is === 'live' && counts.told
  const total = counts.total ?? (connected ? 0 : undefined)
  return (
    <div className="numbers" data-stale={!connected}>
      <div className="windows">
        {[0, 1, 2].map((row) => (
          <WindowNumber key={row} row={row} counts={counts} connected={connected} seen={seen} />
        ))}
      </div>
      <div className="card-foot">
        <p className="total">
          <b data-total>{number(total)}</b>
          <span>{total === 1 ? 'like in all' : 'likes in all'}</span>
        </p>
        {seen && <RateChart history={live.historyOf(id)} />}
      </div>
    </div>
  )
}
