import { own, vjp, type Loss, type Views } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { infoNCE, infoNCEAgainst, ntXent } from '../index.ts'
import infoNCEGolden from './info-nce.json' with { type: 'json' }
import ntXentGolden from './nt-xent.json' with { type: 'json' }

/**
 * What the losses of this package must give on a backend: the values and gradients of two PyTorch libraries in double
 * precision (each file names its source, commit and tolerances), and finite numbers where they are hardest to keep.
 */
export function describeGolden(backend: string): void {
  describe(`on the ${backend} backend`, () => {
    beforeAll(async () => {
      expect(await tf.setBackend(backend)).toBe(true)
      expect(tf.getBackend()).toBe(backend)
    })

    // A batch of one is an error here, and a bank belongs to another loss.
    test.each(casesOf(ntXentGolden, name => name !== 'B1_zero_loss' && name !== 'bank_T0.1'))(
      'ntXent agrees with lightly: $name', golden =>
        agrees(golden, ['z0', 'z1'], ([z0, z1]) => apply(ntXent(golden.params), z0!, z1!)))

    test.each(casesOf(infoNCEGolden, name => name.startsWith('inbatch')))(
      'infoNCE agrees with info-nce-pytorch: $name', golden =>
        agrees(golden, ['query', 'positive'], ([query, positive]) => apply(infoNCE(golden.params), query!, positive!)))

    test.each(casesOf(infoNCEGolden, name => name.endsWith('paired')))(
      'infoNCEAgainst agrees with info-nce-pytorch: $name', golden =>
        agrees(golden, ['query', 'positive', 'negatives'], ([query, positive, negatives]) =>
          infoNCEAgainst(query as tf.Tensor2D, positive as tf.Tensor2D, negatives as tf.Tensor2D, golden.params)))

    const rows = Array.from({ length: 15 }, (_, i) => Math.sin(1 + 5 * i))
    test.each([
      ['a row of zeros', [0, 0, 0, ...rows.slice(3)]],
      ['all rows zero', rows.map(() => 0)],
      ['all rows equal', rows.map((_, i) => 1 + i % 3)],
      ['opposite rows', rows.map((_, i) => (i < 6 ? 1 : -1))],
      ['very long rows', rows.map(x => x * 1e15)],
      ['very short rows', rows.map(x => x * 1e-8)]
    ])('loss and gradient stay finite at temperature 0.01: %s', async (_, numbers) => {
      const views = [tf.tensor2d(numbers, [5, 3]), tf.tensor2d(numbers.toReversed(), [5, 3])]
      for (const loss of [ntXent({ temperature: 0.01 }), infoNCE({ temperature: 0.01 })]) {
        const found = await valueAndGradients(() => apply(loss, views[0]!, views[1]!), views)
        expect(found.flat().every(Number.isFinite)).toBe(true)
      }
    })

    test('at collapse ntXent costs log(views · batch - 1), however cold', async () => {
      const same = tf.ones([4, 3])
      const loss = own(() => apply(ntXent({ temperature: 0.01 }), same, same))
      expect((await loss.data())[0]).toBeCloseTo(Math.log(7), 4)
    })
  })
}

interface Golden {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}
interface Case {
  readonly name: string
  readonly params: { readonly temperature: number }
  readonly loss: number
  readonly inputs: Readonly<Record<string, Golden>>
  readonly grads: Readonly<Record<string, Golden>>
}

const casesOf = ({ cases }: { readonly cases: unknown }, chosen: (name: string) => boolean): Case[] =>
  (cases as Case[]).filter(({ name }) => chosen(name))

/** The loss within 1e-5, each gradient within 2e-5 of its largest entry. */
async function agrees(golden: Case, names: readonly string[], loss: (inputs: tf.Tensor[]) => tf.Scalar): Promise<void> {
  const inputs = names.map(name => tf.tensor([...golden.inputs[name]!.data], [...golden.inputs[name]!.shape]))
  const [[value], ...gradients] = await valueAndGradients(() => loss(inputs), inputs) as [[number], ...number[][]]
  expect(Math.abs(value - golden.loss)).toBeLessThan(1e-5 * Math.max(1, golden.loss))
  for (const [i, name] of names.entries()) {
    const expected = golden.grads[name]!.data
    const largest = Math.max(1e-3, ...expected.map(Math.abs))
    expect(Math.max(...expected.map((number, j) => Math.abs(gradients[i]![j]! - number)))).toBeLessThan(2e-5 * largest)
  }
}

async function valueAndGradients(loss: () => tf.Scalar, inputs: readonly tf.Tensor[]): Promise<number[][]> {
  const { outputs, pull } = vjp(() => ({ outputs: [loss()], aux: null }), inputs)
  const gradients = pull([tf.scalar(1)], inputs, { last: true })
  return Promise.all([...outputs, ...gradients].map(async tensor => [...await tensor!.data()]))
}

function apply(loss: Loss, ...tensors: readonly [tf.Tensor, tf.Tensor]): tf.Scalar {
  const views = tensors as Views as Views<tf.Tensor2D>
  return loss(views, { views })
}
