/** How often a run looks what is due, in milliseconds. */
const every = 50

/**
 * Calls back often, also while the page is in the background, where a browser lets timers of the
 * page itself run once a second, or once a minute. It never ends.
 */
export function beat(call: () => void): void {
  const source = `setInterval(() => postMessage(0), ${every})`
  try {
    const worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })))
    worker.onmessage = call
  } catch {
    setInterval(call, every) // a policy that forbids workers
  }
}
