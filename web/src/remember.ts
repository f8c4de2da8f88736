// What outlives a reload. A browser may forbid it, or have no room: then nothing is remembered, and
// that is all.

export function recall<T>(store: 'local' | 'session', key: string, read: (value: unknown) => T | undefined): T | undefined {
  try {
    const text = storage(store).getItem(key)
    return text === null ? undefined : read(JSON.parse(text))
  } catch {
    return undefined
  }
}

export function remember(store: 'local' | 'session', key: string, value: unknown): void {
  try {
    if (value === undefined) storage(store).removeItem(key)
    else storage(store).setItem(key, JSON.stringify(value))
  } catch {
    // See above.
  }
}

const storage = (store: 'local' | 'session') => (store === 'local' ? localStorage : sessionStorage)
