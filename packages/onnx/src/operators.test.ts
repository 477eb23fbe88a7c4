import { groupNorm, reluOfSum, trace } from '@lapstrake/kernels'
import { describeOnBackends } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import { afterAll, describe, expect, test } from 'vitest'
import { translations } from './operators/index.ts'
import { agrees, type Network } from './testing/agrees.ts'
import { networksOfMaps } from './testing/networks-of-maps.ts'
import { networksOfNumbers } from './testing/networks-of-numbers.ts'
import { networksOfParts } from './testing/networks-of-parts.ts'
import { inputShape } from './testing/pieces.ts'

const networks = Object.entries({ ...networksOfMaps, ...networksOfNumbers, ...networksOfParts }).map(
  ([kind, of]) => [kind, Object.entries(of)] as const
)

await describeOnBackends(['cpu', 'wasm'], () => {
  describe.each(networks)('%s are the same in onnxruntime', (_, of) => {
    test.each(of)('%s', (_, f) => agrees(f, inputShape))
  })
})
afterAll(() => tf.setBackend('cpu'))

test('every operation that is known is tried here', async () => {
  await tf.setBackend('cpu')
  const kernelsOf = (f: Network): string[] => trace(f, { who: 'toOnnx', inputShape }).calls.map(({ kernel }) => kernel)
  const tried = new Set(networks.flatMap(([, of]) => of.flatMap(([, f]) => kernelsOf(f))))
  // These two are of lapstrake's own backends, and in its networks.
  expect(Object.keys(translations).filter(kernel => !tried.has(kernel))).toEqual([groupNorm.name, reluOfSum.name])
})
