import { test } from 'vitest'
import { World, type Place } from './world'

/**
 * A test that is given a place of its own, with so many videos, in a world that the stories of its
 * file share. Stories may be told side by side: none sees another's likes.
 */
export const storiesWith = (videos: number) =>
  test.extend<{ world: World; here: Place }>({
    world: [
      async ({}, use) => {
        const world = await World.start()
        await use(world)
        await world.stop()
      },
      { scope: 'file' },
    ],
    here: async ({ world, task }, use) => {
      const here = await world.place(videos)
      await use(here)
      if (task.result?.errors?.length) console.error(`${task.name}:\n${await here.report()}`)
      await here.leave()
    },
  })
