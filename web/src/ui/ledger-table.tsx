import { useState } from 'react'
import { useValue } from '../hooks'
import { useParts } from '../parts'
import { bounds, length, number } from '../words'
import { Choice } from './choice'

/** What was planned, what was sent, what was counted: in all, and window by window. */
export function LedgerTable() {
  const { ledger, address } = useParts()
  const { windows } = useValue(address.config)
  const book = useValue(ledger.book)
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
      <p className="quiet">{verdict(book.sent, book.counted)}</p>
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
              <tr key={line.start}>
                <th scope="row">{bounds(line)}</th>
                <td>{number(line.planned)}</td>
                <td>{number(line.sent)}</td>
                <td data-settled={line.settled}>
                  {number(line.counted)}
                  <span className="unseen">{line.settled ? ', final' : ', running'}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="quiet">
        Counted are everybody’s likes of these videos since the plan began. A like on the edge of a window may be sent in
        one and counted in the next; the sums agree.
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

function verdict(sent: number, counted: number | undefined): string {
  if (counted === undefined) return 'What is counted is not known at the moment.'
  if (counted < sent) return `${number(sent - counted)} sent and on their way to the count.`
  return counted === sent ? 'Every like that was sent is counted, once.' : `Every like that was sent is counted; ${number(counted - sent)} more came from elsewhere.`
}
