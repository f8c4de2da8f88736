import { useEffect } from 'react'
import { useValue } from '../hooks'
import { useParts } from '../parts'

type State = { tone: 'good' | 'waiting' | 'bad'; word: string; why?: string }

/** Whether likes are taken and whether counts come: always in sight. */
export function Connections() {
  const { api, live, said } = useParts()
  const health = useValue(api.health)
  const connection = useValue(live.connection)
  const likes: State =
    health.is === 'ready'
      ? { tone: 'good', word: 'taken' }
      : health.is === 'connecting'
        ? { tone: 'waiting', word: 'connecting' }
        : { tone: 'bad', word: health.is === 'away' ? 'away, retrying' : 'refused', why: health.why }
  const counts: State =
    connection.is === 'live'
      ? { tone: 'good', word: 'live' }
      : connection.is === 'connecting'
        ? { tone: 'waiting', word: 'connecting' }
        : { tone: 'bad', word: 'away, retrying', why: `Connection lost: ${connection.why}` }

  useEffect(() => {
    if (counts.tone === 'waiting' || likes.tone === 'waiting') return
    said.set(`Counts: ${counts.word}. Likes: ${likes.word}.`)
  }, [said, counts.word, counts.tone, likes.word, likes.tone])

  return (
    <ul className="connections" aria-label="Connections">
      <Lamp name="Counts" state={counts} retry={() => live.retry()} />
      <Lamp name="Likes" state={likes} retry={() => api.retry()} />
    </ul>
  )
}

function Lamp({ name, state, retry }: { name: string; state: State; retry: () => void }) {
  return (
    <li className="lamp" data-tone={state.tone} title={state.why}>
      <i aria-hidden="true" />
      <span>
        {name} <b>{state.word}</b>
      </span>
      {state.tone === 'bad' && (
        <button type="button" className="link" onClick={retry} aria-label={`${name}: try now`}>
          Try now
        </button>
      )}
    </li>
  )
}
