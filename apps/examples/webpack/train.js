import { convNet } from '@lapstrake/backbone-resnet'
import { registerWasm } from '@lapstrake/backend-wasm'
import { createTrainer, dispose, seeded } from '@lapstrake/core'
import { loader, drawShapes, simclr, twoViews } from '@lapstrake/data'
import { overlapping } from '@lapstrake/isolation'
import { projector } from '@lapstrake/layers'
import { ntXent } from '@lapstrake/loss-info-nce'
import { adamW } from '@lapstrake/optimizers'

const say = line => document.querySelector('pre').append(`${line}\n`)

say(await registerWasm())
const trainer = createTrainer(
  {
    backbone: convNet({ widths: [16, 16, 16], strides: [2, 2, 2], layers: 1 }),
    isolation: overlapping(),
    head: () => projector({ dims: [32, 16] }),
    loss: () => ntXent({ temperature: 0.2 }),
    optimizer: adamW({ learningRate: 5e-3 })
  },
  { inputShape: [28, 28, 3] }
)

const images = loader(drawShapes({ count: 512 }), {
  batchSize: 64,
  random: seeded(1),
  views: twoViews(simclr({ size: 28, preset: 'cifar' }))
})
let state = trainer.init(seeded(2))
for await (const { batch } of images.batches()) {
  const { state: next, losses } = trainer.step(state, batch)
  state = next
  const values = await Promise.all(
    Object.entries(losses).map(async ([unit, loss]) => `${unit} ${(await loss.data())[0].toFixed(3)}`)
  )
  dispose([batch, losses])
  say(`step ${state.step}: ${values.join(', ')}`)
  if (state.step === 40) break
}
say('Done.')
