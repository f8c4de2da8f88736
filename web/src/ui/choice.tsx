import { useId } from 'react'

type Props = { name: string; options: readonly string[]; chosen: number; choose: (i: number) => void }

/** One of few. */
export function Choice({ name, options, chosen, choose }: Props) {
  const group = useId()
  return (
    <fieldset className="choice">
      <legend className="unseen">{name}</legend>
      {options.map((option, i) => (
        <label key={option}>
          <input type="radio" name={group} checked={i === chosen} onChange={() => choose(i)} />
          <span>{option}</span>
        </label>
      ))}
    </fieldset>
  )
}
