// What the gateway and the API say, member by member as their Go programs write it. Nothing from
// outside is believed: each reader answers undefined where a value is not what it should be, and
// ignores members that it does not know. Times become milliseconds since the epoch on the way in.

export const windowNames = ['1min', '5min', '10min'] as const
export type WindowName = (typeof windowNames)[number]

/** A count of the half-open window [start, end). */
export type Bounded = { start: number; end: number; count: number }

/** The running counts of a video: the value of a record in the running-counts topic. */
export type Live = { id: string; total: number; windows: Bounded[]; asOf: number }

/** The final count of a window, published once. */
export type Final = Bounded & { id: string; window: number; late: number; total: number }

/** An entry of the list of videos. */
export type Video = { id: string; title: string }

/** What the page cannot know by itself. windows are in the order of windowNames. */
export type Config = { api: string; liveEvent: string; windows: WindowConfig[]; maxRooms: number }
export type WindowConfig = { event: string; ms: number }

/** The most liked videos of the window that is current. */
export type Trending = { window: number; start: number; end: number; videos: Ranked[] }
export type Ranked = { id: string; count: number; total: number }

type Members = Record<string, unknown>

const members = (value: unknown): Members => (typeof value === 'object' && value !== null ? (value as Members) : {})
const isText = (value: unknown): value is string => typeof value === 'string'
const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0

function time(value: unknown): number {
  return isText(value) ? Date.parse(value) : Number.NaN
}

function readBounded(value: unknown): Bounded | undefined {
  const { start, end, count } = members(value)
  const bounded = { start: time(start), end: time(end), count }
  return isCount(count) && bounded.end > bounded.start ? { ...bounded, count } : undefined
}

export function readLive(value: unknown): Live | undefined {
  const { video_uid, total, windows, as_of } = members(value)
  const byName = members(windows)
  const read = windowNames.map((name) => readBounded(byName[name]))
  if (!isText(video_uid) || !isCount(total) || read.includes(undefined) || Number.isNaN(time(as_of))) return undefined
  return { id: video_uid, total, windows: read as Bounded[], asOf: time(as_of) }
}

export function readFinal(value: unknown): Final | undefined {
  const { id, count, type, window_start, window_end, late, total } = members(value)
  const bounded = readBounded({ start: window_start, end: window_end, count })
  const window = windowNames.indexOf(type as WindowName)
  if (!isText(id) || !bounded || window < 0 || !isCount(late) || !isCount(total)) return undefined
  return { id, ...bounded, window, late, total }
}

export function readVideos(value: unknown): Video[] | undefined {
  if (!Array.isArray(value)) return undefined
  const videos = value.map((v) => {
    const { unique_identifier: id, title } = members(v)
    return isText(id) && isText(title) ? { id, title } : undefined
  })
  return videos.includes(undefined) ? undefined : (videos as Video[])
}

export function readConfig(value: unknown): Config | undefined {
  const { api, live_event, windows, max_rooms } = members(value)
  const read = windowNames.map((name) => {
    const found = Array.isArray(windows) ? windows.find((w) => members(w)['name'] === name) : undefined
    const { event, ms } = members(found)
    return isText(event) && isCount(ms) && ms > 0 ? { event, ms } : undefined
  })
  if (!isText(api) || !isText(live_event) || read.includes(undefined) || !isCount(max_rooms)) return undefined
  return { api, liveEvent: live_event, windows: read as WindowConfig[], maxRooms: max_rooms }
}

export function readTrending(value: unknown): Trending | undefined {
  const { window: name, start, end, videos } = members(value)
  const window = windowNames.indexOf(name as WindowName)
  const read = Array.isArray(videos)
    ? videos.map((v) => {
        const { id, count, total } = members(v)
        return isText(id) && isCount(count) && isCount(total) ? { id, count, total } : undefined
      })
    : [undefined]
  if (window < 0 || read.includes(undefined) || !(time(end) > time(start))) return undefined
  return { window, start: time(start), end: time(end), videos: read as Ranked[] }
}
