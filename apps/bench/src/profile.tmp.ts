import * as tf from '@tensorflow/tfjs-core'
import { createTrainer, seeded, dispose, meterMemory } from '@lapstrake/core'
import { registerWasm } from '@lapstrake/backend-wasm'
import { convNet, projector } from '@lapstrake/backbone-resnet'
import { ntXent } from '@lapstrake/loss-info-nce'
import { sgd } from '@lapstrake/optimizers'
import { overlapping, greedy, endToEnd } from '@lapstrake/isolation'
await registerWasm()
for (const [name, isolation] of [['e2e', endToEnd()], ['greedy', greedy()], ['loco', overlapping()]] as const) {
  const t = createTrainer({ backbone: convNet(), isolation, head: () => projector({ dims: [32, 64], bias: false }), loss: () => ntXent({ temperature: 0.2 }), optimizer: sgd({ learningRate: 0.01 }) }, { inputShape: [28, 28, 3] })
  let state = t.init(seeded(1))
  const views = [seeded(2).normal([32, 28, 28, 3]), seeded(3).normal([32, 28, 28, 3])] as const
  const times: number[] = []
  for (let i = 0; i < 8; i++) { const s = performance.now(); const r = t.step(state, { views }); state = r.state; await r.losses[Object.keys(r.losses)[0]!]!.data(); dispose(r.losses); times.push(performance.now() - s) }
  const m = meterMemory(); const r = t.step(state, { views }); state = r.state; m.stop()
  console.log(name, times.map(t => t.toFixed(0)).join(' '), (m.peak() / 1e6).toFixed(1), 'MB')
  const p = await tf.profile(() => { const r = t.step(state, { views }); state = r.state; return r.losses.unit0! })
  const by = new Map<string, [number, number]>()
  for (const k of p.kernels) { const e = by.get(k.name) ?? [0, 0]; e[0] += Number((await k.kernelTimeMs) ?? 0); e[1]++; by.set(k.name, e) }
  console.log([...by].sort((a, b) => b[1][0] - a[1][0]).slice(0, 12).map(([n, [ms, c]]) => `${n} ${ms.toFixed(0)}ms×${c}`).join(', '))
}
{
  const t = createTrainer({ backbone: convNet(), isolation: overlapping(), head: () => projector({ dims: [32, 64], bias: false }), loss: () => ntXent({ temperature: 0.2 }), optimizer: sgd({ learningRate: 0.01 }) }, { inputShape: [28, 28, 3] })
  let state = t.init(seeded(1))
  const views = [seeded(2).normal([32, 28, 28, 3]), seeded(3).normal([32, 28, 28, 3])] as const
  for (let i = 0; i < 4; i++) { const r = t.step(state, { views }); state = r.state }
  const p = await tf.profile(() => { const r = t.step(state, { views }); state = r.state; return r.losses.unit0! })
  const rows = await Promise.all(p.kernels.map(async k => [k.name, Number(await k.kernelTimeMs), JSON.stringify(k.inputShapes)] as const))
  for (const r of rows.sort((a, b) => b[1] - a[1]).slice(0, 24)) console.log(r[0], r[1].toFixed(1), r[2])
}
