import { useEffect, useState } from 'react'
import { usePart, useValue } from '../hooks'
import { useParts } from '../parts'
import { minutes, sum } from '../plan'
import { minuteOf, type Progress } from '../progress'
import { likes, number, rate } from '../words'

/** Begins, stops and continues the plan, and says how far it is. */
export function RunControls() {
  const parts = useParts()
  const { run, plan, said } = parts
  const progress = useValue(run.progress)
  const all = usePart(plan.rows, (rows) => [...rows.values()].reduce((n, row) => n + sum(row), 0))
  const [asked, setAsked] = useState(false)
  const runs = progress.phase === 'running'

  const send = () => {
    setAsked(true)
    void parts.send().finally(() => setAsked(false))
  }
  useEffect(() => {
    if (progress.phase !== 'idle') said.set(phases[progress.phase])
  }, [said, progress.phase])

  return (
    <div className="run">
      <div className="run-buttons">
        <button type="button" className="send" onClick={send} disabled={runs || asked || all === 0}>
          {runs || asked ? 'Wait' : 'Send likes'}
        </button>
        {runs && (
          <button type="button" onClick={() => run.stop()}>
            Stop
          </button>
        )}
        {progress.phase === 'stopped' && (
          <button type="button" onClick={() => run.resume()}>
            Continue
          </button>
        )}
      </div>
      <div className="run-state">
        <p>{sentence(progress, all)}</p>
        <div
          className="bar"
          role="progressbar"
          aria-label="Likes sent"
          aria-valuemin={0}
          aria-valuemax={all}
          aria-valuenow={Math.min(progress.sent, all)}
          aria-valuetext={`${number(progress.sent)} of ${number(all)} likes`}
        >
          <i style={{ transform: `scaleX(${all === 0 ? 0 : Math.min(progress.sent / all, 1)})` }} />
        </div>
        <Failures progress={progress} />
      </div>
    </div>
  )
}

const phases = {
  idle: '',
  running: 'The plan is being sent.',
  stopped: 'The plan is stopped.',
  finished: 'The whole plan has been sent.',
}

function sentence(p: Progress, all: number): string {
  const done = `${number(p.sent)} of ${likes(all)} sent`
  switch (p.phase) {
    case 'idle':
      return `The plan has ${likes(all)}.`
    case 'running': {
      const late = p.due - p.sent
      const minute = p.passed < minutes ? `Minute ${minuteOf(p) + 1} of ${minutes}` : 'Catching up'
      return `${minute} · ${done} · ${rate(p.rate)} a second${late > Math.max(10, p.rate) ? ` · ${number(late)} behind` : ''}`
    }
    case 'stopped':
      return `Stopped in minute ${Math.min(minuteOf(p) + 1, minutes)} · ${done}`
    case 'finished':
      return `Finished · ${done}`
  }
}

/** Tries that failed: they are made again by themselves, or now. */
function Failures({ progress: p }: { progress: Progress }) {
  const { run, clock } = useParts()
  useValue(clock.tick)
  const left = p.unheard > 0 ? ` ${likes(p.unheard)} on the way when the page was left, taken for sent.` : ''
  if (p.failed === 0) return <p className="failures quiet">No failures.{left}</p>
  const wait = p.again === undefined ? 0 : Math.ceil((p.again - Date.now()) / 1000)
  return (
    <p className="failures" data-trouble={p.trouble !== undefined}>
      {number(p.failed)} failed {p.failed === 1 ? 'try' : 'tries'}
      {p.unanswered > 0 && `, ${number(p.unanswered)} without an answer, which may have been counted`}
      {p.trouble === undefined ? '; sent again since.' : `: ${p.trouble}.`}
      {left}
      {p.trouble !== undefined && p.phase === 'running' && wait > 0 && (
        <>
          {' '}
          Again in {wait} s.{' '}
          <button type="button" className="link" onClick={() => run.retry()}>
            Try now
          </button>
        </>
      )}
    </p>
  )
}
