import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { command, type Command } from '../terminal/command.ts'
import { followRun, howToType, readManifest, canGoOn, replacing, isHeld } from '@lapstrake/runs/node'
import { quietly } from '../terminal/stop-quietly.ts'
import { watchLine, watchView, type Watched } from '../terminal/watch-view.ts'
import { wholeNumber } from '../terminal/whole-number.ts'

export const watchCommand: Command = command({
  meta: {
    name: 'watch',
    description:
      'Shows a run while it trains, from its files: losses, speed, what the units tell. Ctrl-C leaves the run alone.'
  },
  args: {
    run: { type: 'positional', required: true, description: 'The folder of a run' },
    every: { type: 'string', description: 'Seconds between looks; 1 in a terminal and 10 elsewhere when left out' }
  },
  run: ({ args }) =>
    quietly(async () => {
      const { stdout } = process
      const seconds = args.every === undefined ? (stdout.isTTY ? 1 : 10) : wholeNumber('--every', args.every, 1)
      const show = stdout.isTTY
        ? redrawn()
        : (watched: Watched) => {
            stdout.write(`${watchLine(watched)}\n`)
          }
      let followed = ''
      let read = followRun(followed)
      for (;;) {
        // One that is to replace another lies within its folder until it is finished.
        const beside = join(args.run, replacing.training)
        const folder = isHeld(beside) ? beside : args.run
        if (folder !== followed) [followed, read] = [folder, followRun(folder)]
        // First whether anybody trains it: who ends after that has written all by then, and is seen the next time.
        const held = isHeld(folder)
        const manifest = await readManifest(folder)
        show({ manifest, steps: await read(), isHeld: held })
        if (!held) {
          if (!manifest.finished && canGoOn(folder))
            process.stderr.write(`Go on with: ${howToType('train', '--resume', folder)}\n`)
          return
        }
        await setTimeout(1000 * seconds)
      }
    })
})

/** Draws in place of what was drawn before. */
function redrawn(): (watched: Watched) => void {
  const { stdout } = process
  let drawn = 0
  stdout.write('\x1b[?25l')
  process.on('exit', () => stdout.write('\x1b[?25h'))
  process.once('SIGINT', () => process.exit(0))
  return watched => {
    // A terminal that does not say how large it is says 0.
    const lines = watchView(watched)
      .split('\n')
      .slice(0, (stdout.rows || 24) - 1)
      .map(line => line.slice(0, (stdout.columns || 80) - 1))
    stdout.write(`${drawn > 0 ? `\x1b[${drawn}A` : ''}\x1b[J${lines.join('\n')}\n`)
    drawn = lines.length
  }
}
