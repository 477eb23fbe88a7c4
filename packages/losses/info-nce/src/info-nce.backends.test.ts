import '@tensorflow/tfjs-backend-cpu'
import { own, vjp, type Views } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import infoNCEGolden from './golden/info-nce.json' with { type: 'json' }
import ntXentGolden from './golden/nt-xent.json' with { type: 'json' }
import { infoNCE, infoNCEAgainst, ntXent } from './index.ts'

// Values and gradients of two PyTorch libraries in double precision; each file names its source, commit and tolerances.
interface Golden { readonly shape: readonly number[]; readonly data: readonly (number | string)[] }
interface Case {
  readonly name: string
  readonly params: { readonly temperature: number }
  readonly loss: number
  readonly inputs: Readonly<Record<string, Golden>>
  readonly grads: Readonly<Record<string, Golden>>
}
const tensor = ({ shape, data }: Golden): tf.Tensor => tf.tensor(data as number[], [...shape])
const casesOf = (golden: { readonly cases: unknown }, leaveOut: readonly string[] = []): [string, Case][] =>
  (golden.cases as Case[]).filter(({ name }) => !leaveOut.includes(name)).map(each => [each.name, each])

async function check(golden: Case, loss: (...inputs: tf.Tensor[]) => tf.Scalar): Promise<void> {
  const names = Object.keys(golden.grads)
  const inputs = names.map(name => tensor(golden.inputs[name]!))
  const { outputs, pull } = vjp(() => ({ outputs: [loss(...inputs)], aux: null }), inputs)
  const [value] = await outputs[0]!.data()
  expect(Math.abs(value! - golden.loss)).toBeLessThan(1e-5 * Math.max(1, golden.loss))
  const pulled = pull([tf.scalar(1)], inputs, { last: true })
  for (const [i, name] of names.entries()) {
    const expected = golden.grads[name]!.data as number[]
    const largest = Math.max(...expected.map(Math.abs), 1e-3)
    const found = await pulled[i]!.data()
    expected.forEach((number, j) => expect(Math.abs(found[j]! - number)).toBeLessThan(2e-5 * largest))
  }
}

const views = (...tensors: tf.Tensor[]): Views<tf.Tensor2D> => tensors as unknown as Views<tf.Tensor2D>

describe('ntXent agrees with lightly', () => {
  // A batch of one is an error here, and a bank belongs to another loss.
  test.each(casesOf(ntXentGolden, ['B1_zero_loss', 'bank_T0.1']))('%s', (_, golden) =>
    check(golden, (z0, z1) => ntXent(golden.params)(views(z0!, z1!), { views: views(z0!, z1!) })))
})

describe('infoNCE agrees with info-nce-pytorch', () => {
  test.each(casesOf(infoNCEGolden, ['unpaired', 'paired']))('%s', (_, golden) =>
    check(golden, (query, positive) => infoNCE(golden.params)(views(query!, positive!), { views: views(query!, positive!) })))
  test.each(casesOf(infoNCEGolden, ['inbatch_T0.1', 'inbatch_T0.5']))('%s negatives', (_, golden) =>
    check(golden, (query, positive, negatives) =>
      infoNCEAgainst(query as tf.Tensor2D, positive as tf.Tensor2D, negatives as tf.Tensor2D, golden.params)))
})

test('the smallest temperature and repeated rows stay finite', async () => {
  const same = tf.ones<tf.Rank.R2>([4, 3])
  const loss = own(() => ntXent({ temperature: 0.01 })(views(same, same), { views: views(same, same) }))
  expect((await loss.data())[0]).toBeCloseTo(Math.log(7), 4)
})
