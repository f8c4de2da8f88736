import { memo, useState } from 'react'
import { usePart, useValue } from '../hooks'
import type { Book, Line } from '../ledger'
import { useParts } from '../parts'
import { bounds, length, number } from '../words'
import { Choice } from './choice'

/** What was planned, what was sent, what was counted: in all, and window by window. */
export function LedgerTable() {
  const { ledger, address, run } = useParts()
  const { windows } = useValue(address.config)
  const book = useValue(ledger.book)
  const unheard = usePart(run.progress, (p) => p.unheard)
  const unanswered = usePart(run.progress, (p) => p.unanswered)
  const [row, setRow] = useState(0)
  const lines = [...(book.lines[row] ?? [])].reverse()
  return (
    <section className="ledger" aria-labelledby="ledger-title">
      <div className="heading">
        <h3 id="ledger-title">What became of them</h3>
        <Choice name="Windows of" options={windows.map((w) => length(w.ms))} chosen={row} choose={setRow} />
      </div>
      <dl className="sums">
        <Sum name="due by now" value={book.planned} is="planned" />
        <Sum name="sent" value={book.sent} is="sent" />
        <Sum name="counted" value={book.counted} is="counted" />
      </dl>
      <p className="quiet">{verdict(book, unheard, unanswered)}</p>
      <div className="ledger-lines" tabIndex={0} role="group" aria-label="Window by window">
        <table>
          <thead>
            <tr>
              <th scope="col">Window</th>
              <th scope="col">Due</th>
              <th scope="col">Sent</th>
              <th scope="col">Counted</th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <WindowLine key={line.start} line={line} />
            ))}
          </tbody>
        </table>
      </div>
      <p className="quiet">
        Counted are everybody’s likes of the plan’s videos since its first of each. A like on the edge of a window may be
        sent in one and counted in the one beside it; the sums agree. ≥ or – stands where a window’s final count did not come.
      </p>
    </section>
  )
}

function Sum({ name, value, is }: { name: string; value: number | undefined; is: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-sum={is}>{number(value)}</dd>
    </div>
  )
}

/** Drawn anew only when it has changed: a long run has many. */
const WindowLine = memo(function WindowLine({ line }: { line: Line }) {
  return (
    <tr>
      <th scope="row">{bounds(line)}</th>
      <td>{number(line.planned)}</td>
      <td>{number(line.sent)}</td>
      <td data-settled={line.settled}>
        {line.least && '≥ '}
        {number(line.counted)}
        <span className="unseen">{line.settled ? ', final' : line.least ? ', at least' : ', running'}</span>
      </td>
    </tr>
  )
})

/** unheard likes were on their way when the page was left; unanswered tries were made again. */
function verdict({ sent, counted }: Book, unheard: number, unanswered: number): string {
  if (counted === undefined) return 'What was counted before the first like is not known, nor what came since.'
  if (counted < sent) {
    const lost = unheard > 0 ? `; ${number(unheard)} were on their way when the page was left, and may be lost` : ''
    return `${number(sent - counted)} sent and on their way to the count${lost}.`
  }
  if (counted === sent) return 'Every like that was sent is counted, once.'
  const from = unanswered > 0 ? 'tries that got no answer, from hearts, or from others' : 'hearts, or from others'
  return `Every like that was sent is counted; ${number(counted - sent)} more came from ${from}.`
}
