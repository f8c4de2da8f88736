import { useParts } from '../parts'

/** How many videos are shown: one at least, all at most. */
export function Shown({ n, all, of }: { n: number; all: number; of: number }) {
  const { show } = useShow()
  return (
    <div className="shown" role="group" aria-label="How many videos are shown">
      <button type="button" onClick={() => show(n - 1)} disabled={n <= 1} aria-label="Show one video less">
        −
      </button>
      <span>
        <b>{n}</b> of {of} shown
      </span>
      <button type="button" onClick={() => show(n + 1)} disabled={n >= all} aria-label="Show one video more">
        +
      </button>
      <button type="button" className="link" onClick={() => show(all)} disabled={n >= all}>
        all
      </button>
    </div>
  )
}

function useShow() {
  const parts = useParts()
  return {
    show(n: number) {
      parts.show(n)
      const { n: shown, all } = parts.shown()
      parts.said.set(`${shown} of ${all} videos are shown.`)
    },
  }
}
