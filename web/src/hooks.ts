import { useEffect, useState, useSyncExternalStore, type RefObject } from 'react'
import type { Value } from './value'

/** The value, now and whenever it changes. */
export function useValue<T>(value: Value<T>): T {
  return useSyncExternalStore(value.subscribe, value.get)
}

/** Whether an element is on the screen or near it: what is not need not be drawn anew. */
export function useOnScreen(element: RefObject<Element | null>): boolean {
  const [on, setOn] = useState(false)
  useEffect(() => {
    if (!element.current) return
    const observer = new IntersectionObserver((entries) => setOn(entries.some((e) => e.isIntersecting)), {
      rootMargin: '25%',
    })
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [element])
  return on
}

/** Part of a value: only a change of the part draws anew. The part is a number, a text, or kept as it is. */
export function usePart<T, P>(value: Value<T>, part: (whole: T) => P): P {
  return useSyncExternalStore(value.subscribe, () => part(value.get()))
}

/** n, reached step by step, a frame each: where there is much, it is not drawn in one go. */
export function useGrowing(n: number, step: number): number {
  const [grown, grow] = useState(step)
  useEffect(() => {
    if (grown >= n) return
    const frame = requestAnimationFrame(() => grow(grown + step))
    return () => cancelAnimationFrame(frame)
  }, [grown, n, step])
  return Math.min(grown, n)
}
