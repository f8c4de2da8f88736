import { useRef, useState } from 'react'
import { useParts } from '../parts'

const heart = 'M12 20.5S3.500 15.200 3.500 9.300C3.500 6.300 5.700 4.500 8 4.500c1.700 0 3.200 1 4 2.600.8-1.600 2.300-2.600 4-2.600 2.300 0 4.500 1.800 4.500 4.800 0 5.900-8.500 11.200-8.500 11.200z'
const mostWaiting = 20 // clicks on their way; more is a hand resting on a key

/** One press is one like. What fails says so, and can be sent again. */
export function LikeButton({ id, title }: { id: string; title: string }) {
  const { api, said } = useParts()
  const [waiting, setWaiting] = useState(0)
  const [hearts, setHearts] = useState<number[]>([])
  const [failed, setFailed] = useState<{ likes: number; why: string }>()
  const serial = useRef(0)

  const send = async (likes: number) => {
    setWaiting((n) => n + likes)
    for (let i = 0; i < likes; i++) {
      const outcome = await api.like(id)
      setWaiting((n) => n - 1)
      if (outcome.is === 'counted') continue
      setFailed((f) => ({ likes: (f?.likes ?? 0) + 1, why: outcome.why }))
      said.set(`A like of ${title} was not sent: ${outcome.why}.`)
    }
  }
  const press = () => {
    if (waiting >= mostWaiting) return
    setHearts((all) => [...all.slice(-5), ++serial.current])
    void send(1)
  }
  const again = () => {
    const likes = failed?.likes ?? 0
    setFailed(undefined)
    void send(likes)
  }

  return (
    <div className="like">
      <button type="button" className="like-button" onClick={press} aria-label={`Like ${title}`} data-waiting={waiting > 0}>
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d={heart} />
        </svg>
        Like
        {hearts.map((n) => (
          <svg key={n} className="flying" viewBox="0 0 24 24" aria-hidden="true" onAnimationEnd={() => setHearts((all) => all.filter((h) => h !== n))}>
            <path d={heart} />
          </svg>
        ))}
      </button>
      {failed && (
        <p className="like-failed">
          <span>
            {failed.likes} not sent: {failed.why}
          </span>
          <button type="button" className="link" onClick={again}>
            Send again
          </button>
        </p>
      )}
    </div>
  )
}
