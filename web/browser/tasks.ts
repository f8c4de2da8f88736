import type { Page } from 'playwright-core'

type Traced = { name: string; ph: string; pid: number; tid: number; tdur?: number; args: { name?: string } }

/**
 * The CPU time of each task of the page's main thread while something is done, in milliseconds, the
 * longest first. It is CPU time, so that a machine that does much else is not the page's fault.
 */
export async function tasks(page: Page, during: () => Promise<unknown>): Promise<number[]> {
  const browser = await page.context().browser()!.newBrowserCDPSession()
  const traced: Traced[] = []
  browser.on('Tracing.dataCollected', ({ value }) => traced.push(...(value as unknown as Traced[])))
  await browser.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['disabled-by-default-devtools.timeline', '__metadata'] },
  })
  await during()
  const complete = new Promise((done) => browser.once('Tracing.tracingComplete', done))
  await browser.send('Tracing.end')
  await complete
  await browser.detach()
  const thread = ({ pid, tid }: Traced) => `${pid} ${tid}`
  const main = new Set(traced.filter((e) => e.name === 'thread_name' && e.args.name === 'CrRendererMain').map(thread))
  const found = traced.filter((e) => e.ph === 'X' && e.name === 'RunTask' && main.has(thread(e)))
  return found.map((e) => (e.tdur ?? Number.NaN) / 1000).sort((a, b) => b - a)
}

/** How often a page was drawn since the instant since, and most videos at a time. */
export type Work = { commits: number; most: number; since: number }

/** Runs in a page, before anything else of it: counts what is drawn, in globalThis.work. */
export function countWork(): void {
  const work: Work = { commits: 0, most: 0, since: 0 }
  // What React tells the tools of its developers.
  const hook = { supportsFiber: true, inject: () => 1, checkDCE() {}, onCommitFiberUnmount() {}, onPostCommitFiberRoot() {} }
  Object.assign(globalThis, { work, __REACT_DEVTOOLS_GLOBAL_HOOK__: { ...hook, onCommitFiberRoot: () => work.commits++ } })
  const seen = new MutationObserver((changes) => {
    const cards = changes.map(({ target }) => (target instanceof Element ? target : target.parentElement)?.closest('.card'))
    work.most = Math.max(work.most, new Set(cards.filter(Boolean)).size)
  })
  seen.observe(document, { subtree: true, childList: true, characterData: true, attributes: true })
}
