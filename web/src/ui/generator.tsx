import { usePart, useValue } from '../hooks'
import { useParts } from '../parts'
import { length } from '../words'
import { LedgerTable } from './ledger-table'
import { PlanTable } from './plan-table'
import { RunControls } from './run-controls'

/** Makes likes by a plan, and shows what became of them. */
export function Generator() {
  const { address, videos, run } = useParts()
  const minute = length(useValue(address.config).windows[0]!.ms)
  const begun = usePart(run.progress, (p) => p.phase !== 'idle')
  const list = useValue(videos) ?? []
  return (
    <section className="generator" aria-labelledby="generator-title">
      <div className="heading">
        <h2 id="generator-title">Like generator</h2>
      </div>
      <p className="lead">
        How many likes each video gets in each of the next ten {minute === '1 min' ? 'minutes' : `times ${minute}`}, spread
        evenly. Enter, Tab and the arrow keys go from cell to cell, Escape takes back what was typed, and a row of a
        spreadsheet can be pasted.
      </p>
      <RunControls />
      <PlanTable videos={list} />
      {begun && <LedgerTable />}
    </section>
  )
}
