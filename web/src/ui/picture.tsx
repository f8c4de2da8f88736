import { memo } from 'react'

const width = 320
const height = 132

// Ground, three tones and a light, from dusk to noon: prints of one workshop.
const inks = [
  ['#12343b', '#1f5c5c', '#3f8f86', '#9cc9b8', '#ffd7b5'],
  ['#2c1b3d', '#5b2a57', '#a0446e', '#e4889a', '#ffe3cf'],
  ['#0f2a4a', '#1f4f7a', '#4f8db3', '#a9cfdc', '#fff0c9'],
  ['#1e3422', '#3c5f38', '#7d9a55', '#c8d08c', '#fff3d6'],
  ['#3a1f1b', '#7a3b2e', '#c8694a', '#eeb184', '#fff1dd'],
  ['#1c2440', '#3d4a86', '#7b80c4', '#c2bde6', '#ffe0ea'],
] as const

type Ink = (typeof inks)[number]
type Random = () => number

/** A picture of a video that has none: the same id always gives the same one. */
export const Picture = memo(function Picture({ id }: { id: string }) {
  const random = seeded(id)
  const ink = inks[Math.floor(random() * inks.length)]!
  const draw = [hills, arcs, quarters, moons][Math.floor(random() * 4)]!
  return (
    <svg className="picture" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <rect width={width} height={height} fill={ink[0]} />
      {draw(ink, random)}
    </svg>
  )
})

/** A light over ranges of hills, each nearer and darker than the last. */
function hills(ink: Ink, random: Random) {
  const light = { cx: 60 + random() * 200, cy: 30 + random() * 34, r: 14 + random() * 12 }
  return (
    <>
      <rect width={width} height={height} fill={ink[3]} />
      <circle {...light} fill={ink[4]} />
      <circle {...light} r={light.r * 1.9} fill={ink[4]} opacity={0.25} />
      {[ink[2], ink[1], ink[0]].map((fill, i) => {
        const base = 66 + i * 22
        const [long, high, at] = [70 + random() * 90, 9 + random() * 12, random() * 7]
        const top = Array.from({ length: 41 }, (_, x) => {
          const y = base + Math.sin((x * 8) / long * 2 + at) * high + Math.sin((x * 8) / 23 + at * 3) * 2.5
          return `${x * 8} ${y.toFixed(1)}`
        })
        return <path key={fill} d={`M0 ${height}L${top.join('L')}L${width} ${height}z`} fill={fill} />
      })}
    </>
  )
}

/** Rings that spread from two points, as of two stones in water. */
function arcs(ink: Ink, random: Random) {
  const stones = [40 + random() * 90, 190 + random() * 90].map((x) => ({ x, y: 20 + random() * 92 }))
  return stones.map(({ x, y }, s) => (
    <g key={s} fill="none" strokeWidth={5}>
      {Array.from({ length: 11 }, (_, i) => (
        <circle key={i} cx={x} cy={y} r={6 + i * 13} stroke={ink[1 + ((i + s * 2) % 4)]!} opacity={(1 - i / 12) * 0.9} />
      ))}
    </g>
  ))
}

/** Tiles with quarter discs, turned as it falls. */
function quarters(ink: Ink, random: Random) {
  const side = 44
  const tiles = Array.from({ length: 24 }, (_, i) => {
    const [x, y] = [(i % 8) * side - 16, Math.floor(i / 8) * side]
    const [turn, ground, disc] = [Math.floor(random() * 4) * 90, Math.floor(random() * 3), 1 + Math.floor(random() * 4)]
    return { x, y, turn, ground: ink[ground], disc: ink[disc === ground ? 4 : disc] }
  })
  // All grounds first, each a little too large: no seam is seen between two tiles.
  return (
    <>
      {tiles.map(({ x, y, ground }, i) => (
        <rect key={i} x={x} y={y} width={side + 1} height={side + 1} fill={ground} />
      ))}
      {tiles.map(({ x, y, turn, disc }, i) => (
        <path
          key={i}
          transform={`translate(${x} ${y}) rotate(${turn} ${side / 2} ${side / 2})`}
          d={`M-1 -1H${side}V0A${side} ${side} 0 0 1 0 ${side}H-1z`}
          fill={disc}
        />
      ))}
    </>
  )
}

/** A row of moons through their phases. */
function moons(ink: Ink, random: Random) {
  const from = random() * Math.PI
  return Array.from({ length: 7 }, (_, i) => {
    const [x, r] = [34 + i * 42, 17]
    const phase = Math.cos(from + (i * Math.PI) / 3.5)
    return (
      <g key={i}>
        <circle cx={x} cy={66} r={r + 5} fill={ink[1]} />
        <circle cx={x} cy={66} r={r} fill={ink[i % 2 ? 3 : 4]} />
        <ellipse cx={x} cy={66} rx={Math.abs(phase) * r} ry={r} fill={ink[phase > 0 ? 2 : 1]} />
        <path d={`M${12 + i * 42} 112h44`} stroke={ink[2]} strokeWidth={2} opacity={0.5} />
      </g>
    )
  })
}

/** Numbers from 0 to below 1 that follow from a text: FNV-1a, then mulberry32. */
function seeded(text: string): Random {
  let h = 0x811c9dc5
  for (const c of text) h = Math.imul(h ^ c.codePointAt(0)!, 0x01000193)
  return () => {
    h = (h + 0x6d2b79f5) | 0
    let t = Math.imul(h ^ (h >>> 15), 1 | h)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
