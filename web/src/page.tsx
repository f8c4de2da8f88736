import { useGrowing, useValue } from './hooks'
import { useParts } from './parts'
import { Connections } from './ui/connections'
import { Generator } from './ui/generator'
import { Shown } from './ui/shown'
import { Trending } from './ui/trending'
import { VideoCard } from './ui/video-card'
import { WindowsNow } from './ui/windows-now'

export function Page() {
  return (
    <>
      <a className="skip" href="#videos">
        Skip to the videos
      </a>
      <header className="top">
        <p className="name">
          <img src="./icon.svg" alt="" width="28" height="28" />
          <span>Like counter</span>
        </p>
        <Connections />
      </header>
      <main>
        <WindowsNow />
        <div className="beside">
          <Videos />
          <Trending />
        </div>
        <Generator />
      </main>
      <footer className="foot">
        <p>
          Windows tumble: one ends where the next begins, aligned to the clock, and each like is counted in exactly one
          of each length. A running number starts at zero with its window; once the window is over its count is final.
        </p>
        <p>
          <a href="./licences.txt">Licences of fonts and libraries</a>
        </p>
      </footer>
      <Said />
    </>
  )
}

function Videos() {
  const parts = useParts()
  const videos = useValue(parts.videos)
  useValue(parts.wanted)
  useValue(parts.address.config)
  const { n, all } = parts.shown()
  const drawn = useGrowing(n, 6)
  return (
    <section id="videos" aria-labelledby="videos-title" tabIndex={-1}>
      <div className="heading">
        <h2 id="videos-title">Videos</h2>
        <Shown n={n} all={all} of={videos?.length ?? 0} />
      </div>
      {videos === undefined ? (
        <p className="empty">The list of videos has not come yet. It is asked for until it does.</p>
      ) : (
        <ul className="cards">
          {videos.slice(0, n).map((video, i) => (
            <VideoCard key={video.id} video={video} drawn={i < drawn} />
          ))}
        </ul>
      )}
    </section>
  )
}

/** Tells a screen reader what changed without being looked at; never a number that counts. */
function Said() {
  const said = useValue(useParts().said)
  return (
    <p className="unseen" role="status">
      {said}
    </p>
  )
}
