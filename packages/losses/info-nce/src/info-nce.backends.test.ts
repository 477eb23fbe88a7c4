import { own, vjp, type Loss, type Views } from '@lapstrake/core'
import { enqueue, normaliseRows } from '@lapstrake/embeddings'
import { expectGolden, expectGoldenTensor, goldenTensor, type GoldenTensor } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { dcl, debiased, hardNegatives, infoNCE, infoNCEAgainst, moco, ntXent } from './index.ts'
import dclGolden from './golden/dcl.json' with { type: 'json' }
import infoNCEGolden from './golden/info-nce.json' with { type: 'json' }
import mocoGolden from './golden/moco.json' with { type: 'json' }
import ntXentGolden from './golden/nt-xent.json' with { type: 'json' }

interface Case {
  readonly name: string
  readonly params: { readonly temperature: number }
  readonly loss: number
  readonly sum?: number
  readonly inputs: Readonly<Record<string, GoldenTensor>>
  readonly grads: Readonly<Record<string, GoldenTensor>>
  readonly after?: { readonly bank: GoldenTensor; readonly ptr: number }
}
interface MocoCase {
  readonly name: string
  readonly params: {
    readonly temperature: number
    readonly momentum: number
    readonly K: number
    readonly sgd_lr_on_W_q_after_each_step: number
  }
  readonly inputs: {
    readonly W_q: GoldenTensor
    readonly W_k: GoldenTensor
    readonly queue: GoldenTensor
    readonly steps: readonly { readonly x_q: GoldenTensor; readonly x_k: GoldenTensor }[]
  }
  readonly steps: readonly {
    readonly loss: number
    readonly grad_W_q: GoldenTensor
    readonly W_k_after_momentum: GoldenTensor
    readonly queue_after: GoldenTensor
    readonly queue_ptr_after: number
  }[]
}

const casesOf = <T = Case>(
  { cases }: { readonly cases: unknown },
  chosen: (name: string) => boolean = () => true
): T[] => (cases as (T & { readonly name: string })[]).filter(({ name }) => chosen(name))
/** What the references call otherwise stays out. */
const optionsOf = ({ params: { temperature } }: Case): { temperature: number } => ({ temperature })
const apply = (loss: Loss, ...tensors: readonly tf.Tensor[]): tf.Scalar => {
  const views = tensors as unknown as Views<tf.Tensor2D>
  return loss(views, { views })
}

await describeOnBackends(['cpu', 'wasm', 'node', 'webgpu'], () => {
  const agrees = (
    { inputs, loss, grads }: Case,
    names: readonly string[],
    f: (...inputs: tf.Tensor[]) => tf.Scalar
  ): Promise<void> =>
    expectGolden(f, { inputs: names.map(name => inputs[name]!), loss, gradients: names.map(name => grads[name]!) })

  test.each(casesOf(ntXentGolden, name => name !== 'bank_T0.1'))(
    'ntXent agrees with lightly: $name, whole and in tiles',
    async golden => {
      await agrees(golden, ['z0', 'z1'], (z0, z1) => apply(ntXent(optionsOf(golden)), z0!, z1!))
      await agrees(golden, ['z0', 'z1'], (z0, z1) => apply(ntXent({ ...optionsOf(golden), chunk: 3 }), z0!, z1!))
    }
  )

  test('infoNCEAgainst a bank agrees with lightly, and so does the bank afterwards', async () => {
    const [golden] = casesOf(ntXentGolden, name => name === 'bank_T0.1') as [Case]
    const bank = goldenTensor(golden.inputs['bank']!) as tf.Tensor2D
    await agrees(golden, ['z0', 'z1'], (z0, z1) =>
      infoNCEAgainst(z0 as tf.Tensor2D, z1 as tf.Tensor2D, bank, optionsOf(golden))
    )
    const keys = normaliseRows(goldenTensor(golden.inputs['z1']!) as tf.Tensor2D)
    const after = enqueue({ rows: bank, next: 0, filled: bank.shape[0] }, keys)
    expect(after.next).toBe(golden.after!.ptr)
    await expectGoldenTensor(after.rows, golden.after!.bank)
  })

  test.each(casesOf(infoNCEGolden, name => name.startsWith('inbatch')))(
    'infoNCE agrees with info-nce-pytorch: $name',
    async golden => {
      await agrees(golden, ['query', 'positive'], (query, positive) =>
        apply(infoNCE(optionsOf(golden)), query!, positive!)
      )
      const [query, positive] = ['query', 'positive'].map(name => goldenTensor(golden.inputs[name]!))
      const [sum] = await own(() =>
        apply(infoNCE({ ...optionsOf(golden), reduction: 'sum' }), query!, positive!)
      ).data()
      expect(Math.abs(sum! / golden.sum! - 1)).toBeLessThan(1e-5)
    }
  )

  test.each(casesOf(infoNCEGolden, name => name.endsWith('paired')))(
    'infoNCEAgainst agrees with info-nce-pytorch: $name',
    golden =>
      agrees(golden, ['query', 'positive', 'negatives'], (query, positive, negatives) =>
        infoNCEAgainst(query as tf.Tensor2D, positive as tf.Tensor2D, negatives as tf.Tensor2D, optionsOf(golden))
      )
  )

  test.each(casesOf(dclGolden))('dcl agrees with lightly: $name', golden =>
    agrees(golden, ['z0', 'z1'], (z0, z1) => apply(dcl(optionsOf(golden)), z0!, z1!))
  )

  test.each(casesOf<MocoCase>(mocoGolden))(
    'moco agrees with its authors step by step: $name',
    async ({ params, inputs, steps }) => {
      const { temperature, momentum, K: size, sgd_lr_on_W_q_after_each_step: rate } = params
      const loss = moco({ size, temperature })
      let [online, target] = [inputs.W_q, inputs.W_k].map(weights => tf.transpose(goldenTensor(weights))) as [
        tf.Tensor2D,
        tf.Tensor2D
      ]
      let memory = {
        rows: tf.transpose(goldenTensor(inputs.queue) as tf.Tensor2D) as tf.Tensor2D,
        next: 0,
        filled: size
      }
      for (const [i, { x_q, x_k }] of inputs.steps.entries()) {
        const expected = steps[i]!
        target = tf.add(tf.mul(target, momentum), tf.mul(online, 1 - momentum))
        await expectGoldenTensor(tf.transpose(target), expected.W_k_after_momentum)
        const keys = tf.matMul(goldenTensor(x_k), target) as tf.Tensor2D
        const { outputs, aux, pull } = vjp(() => {
          const queries = tf.matMul(goldenTensor(x_q), online) as tf.Tensor2D
          const applied = loss.apply(
            [queries, queries],
            { views: [queries, queries], targets: [keys, keys] },
            { params: {}, memory }
          )
          return { outputs: [applied.loss] as tf.Tensor[], aux: applied.memory }
        }, [online])
        const [gradient] = pull([tf.scalar(1)], [online], { last: true }) as [tf.Tensor2D]
        expect(Math.abs((await outputs[0]!.data())[0]! - expected.loss)).toBeLessThan(1e-5 * expected.loss)
        await expectGoldenTensor(tf.transpose(gradient), expected.grad_W_q)
        memory = aux as typeof memory
        await expectGoldenTensor(tf.transpose(memory.rows), expected.queue_after)
        expect(memory.next).toBe(expected.queue_ptr_after)
        online = tf.sub(online, tf.mul(gradient, rate))
      }
    }
  )

  const rows = Array.from({ length: 15 }, (_, i) => Math.sin(1 + 5 * i))
  test.each([
    ['a row of zeros', [0, 0, 0, ...rows.slice(3)]],
    ['all rows zero', rows.map(() => 0)],
    ['all rows equal', rows.map((_, i) => 1 + (i % 3))],
    ['opposite rows', rows.map((_, i) => (i < 6 ? 1 : -1))],
    ['very long rows', rows.map(x => x * 1e15)],
    ['very short rows', rows.map(x => x * 1e-8)]
  ])('loss and gradient stay finite at temperature 0.01: %s', async (_, numbers) => {
    const views = [tf.tensor2d(numbers, [5, 3]), tf.tensor2d(numbers.toReversed(), [5, 3])]
    const temperature = 0.01
    for (const loss of [ntXent, infoNCE, dcl, debiased, hardNegatives]) {
      const { outputs, pull } = vjp(() => ({ outputs: [apply(loss({ temperature }), ...views)], aux: null }), views)
      const found = await Promise.all(
        [...outputs, ...pull([tf.scalar(1)], views, { last: true })].map(async tensor => [...(await tensor!.data())])
      )
      expect(found.flat().every(Number.isFinite)).toBe(true)
    }
  })

  test('at collapse ntXent costs log(views · batch - 1), however cold', async () => {
    const same = tf.ones([4, 3])
    const loss = own(() => apply(ntXent({ temperature: 0.01 }), same, same))
    expect((await loss.data())[0]).toBeCloseTo(Math.log(7), 4)
  })
})
