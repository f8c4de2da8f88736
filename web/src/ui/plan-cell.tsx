import { memo, useId, useRef, useState, type ClipboardEvent, type KeyboardEvent } from 'react'
import { flushSync } from 'react-dom'
import { readCell, readPaste } from '../plan'

type Props = {
  name: string
  place: string // row.minute, by which the table finds it
  value: number
  locked: boolean
  drafts: (value: number | undefined) => void
  save: (value: number) => void
  say: (text: string) => void
  paste: (rows: number[][]) => void
  /** Goes so many cells down and right; false where there is none. */
  move: (event: KeyboardEvent, down: number, right: number) => boolean
}

/**
 * A number that can be edited. Enter, Tab, an arrow key or leaving saves; Escape restores. What is
 * no number from 0 to 100,000 is never saved, and a word says why.
 */
export const PlanCell = memo(function PlanCell(p: Props) {
  const [typed, setTyped] = useState<string>()
  const input = useRef<HTMLInputElement>(null)
  const wordId = useId()
  const cell = typed === undefined ? undefined : readCell(typed)
  const wrong = cell && 'wrong' in cell ? cell.wrong : undefined

  const change = (text: string) => {
    setTyped(text)
    const now = readCell(text)
    p.drafts('value' in now ? now.value : undefined)
  }
  const restore = () => {
    setTyped(undefined)
    p.drafts(undefined)
  }
  /** Draws at once and selects: a frame later the focus may be elsewhere, and selecting takes it back. */
  const selectAfter = (what: () => void) => {
    flushSync(what)
    input.current?.select()
  }
  const leave = () => {
    restore()
    if (!cell) return
    if ('value' in cell) p.save(cell.value)
    else p.say(`“${typed!.slice(0, 20)}” was not saved, ${p.name} stays ${p.value}. ${cell.wrong}`)
  }
  const key = (event: KeyboardEvent<HTMLInputElement>) => {
    const { selectionStart: from, selectionEnd: to, value } = event.currentTarget
    const whole = from === 0 && to === value.length
    switch (event.key) {
      case 'Enter':
        if (!p.move(event, event.shiftKey ? -1 : 1, 0)) input.current?.blur()
        break
      case 'Escape':
        selectAfter(restore)
        break
      case 'ArrowUp':
        p.move(event, -1, 0)
        break
      case 'ArrowDown':
        p.move(event, 1, 0)
        break
      case 'ArrowLeft':
        if (whole || to === 0) p.move(event, 0, -1)
        break
      case 'ArrowRight':
        if (whole || from === value.length) p.move(event, 0, 1)
        break
    }
  }
  const paste = (event: ClipboardEvent) => {
    const text = event.clipboardData.getData('text')
    if (p.locked || 'value' in readCell(text)) return // one number is typed in
    event.preventDefault()
    const pasted = readPaste(text)
    selectAfter(() => {
      restore()
      if ('wrong' in pasted) p.say(pasted.wrong)
      else p.paste(pasted.rows)
    })
  }

  return (
    <>
      <input
        ref={input}
        data-cell={p.place}
        aria-label={p.name}
        aria-invalid={wrong !== undefined}
        aria-describedby={wrong === undefined ? undefined : wordId}
        inputMode="numeric"
        autoComplete="off"
        spellCheck={false}
        readOnly={p.locked}
        value={typed ?? String(p.value)}
        onChange={(event) => change(event.currentTarget.value)}
        onFocus={(event) => event.currentTarget.select()}
        onBlur={leave}
        onKeyDown={key}
        onPaste={paste}
      />
      {wrong !== undefined && (
        <span className="word" id={wordId}>
          {wrong}
        </span>
      )}
    </>
  )
})
