import { memo } from 'react'
import { bars, type History } from '../history'
import { useValue } from '../hooks'
import { useParts } from '../parts'
import { length, rate } from '../words'

const height = 36
const step = 4 // of the drawing, a bar and its gap
const least = 1 // like per second at the full height: a single like is no peak

/** Likes per second over the last ten minutes, now at the right. */
export const RateChart = memo(function RateChart({ history }: { history: History }) {
  const { address, clock } = useParts()
  const span = length(useValue(address.config).windows[2]!.ms)
  const shown = history.until(useValue(clock.tick))
  const peak = shown.reduce((most, bar) => Math.max(most, bar.rate ?? 0), 0)
  const now = shown[bars - 1]?.rate ?? 0
  const draw = (observed: boolean) =>
    shown.map((bar, i) => (bar.observed === observed && bar.rate ? stroke(i, bar.rate / Math.max(peak, least)) : '')).join('')
  return (
    <figure className="chart">
      <svg
        viewBox={`0 0 ${bars * step} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Likes per second over the last ${span}: ${rate(now)} now, ${rate(peak)} at most`}
      >
        <path className="chart-ground" d={`M0 ${height - 0.5}H${bars * step}`} />
        <path className="chart-inferred" d={draw(false)} />
        <path className="chart-bars" d={draw(true)} />
      </svg>
      <figcaption aria-hidden="true">
        <span>{span}</span>
        <span>
          <b>{rate(now)}</b>/s now
        </span>
      </figcaption>
    </figure>
  )
})

function stroke(i: number, part: number): string {
  return `M${i * step + step / 2} ${height - 1}V${(height - 1 - Math.max(1.5, part * (height - 3))).toFixed(1)}`
}
