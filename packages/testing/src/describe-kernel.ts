import {
  fusedOr,
  observeKernels,
  own,
  seeded,
  shapesOf,
  vjp,
  type FusedKernel,
  type KernelAttributes,
  type KernelInputs,
  type KernelResults,
  type Shape
} from '@lapstrake/core'
import type { AttributesOf, InputsOf, KernelExample, KernelSuite } from '@lapstrake/kernels/suites'
import * as tf from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** An operation with a gradient of its own, which runs the kernel on its way forward or back. */
export interface DifferentiatedOperation<Kernel extends FusedKernel = FusedKernel> {
  /** What of an example the operation is differentiated for. */
  at(inputs: InputsOf<Kernel>): readonly tf.Tensor[]
  operation(at: readonly tf.Tensor[], inputs: InputsOf<Kernel>, attributes: AttributesOf<Kernel>): tf.Tensor
}

export interface DescribeKernelOptions<Kernel extends FusedKernel = FusedKernel> {
  /** How far a number may be from what it should be, as part of the largest of its tensor. */
  readonly tolerance?: number | undefined
  /** Where the kernel is used within an operation that is differentiated. */
  readonly within?: DifferentiatedOperation<Kernel> | undefined
}

/**
 * What every backend that has a kernel promises: it runs that kernel and nothing else, gives the numbers of the
 * composed form on the `cpu` backend in the shapes of the rule, leaves nothing behind, and refuses what the rule
 * refuses. And what the kernel promises: where it is a gradient, the composed form is what automatic differentiation
 * finds.
 *
 * @param suite of the kernel: one of those in `@lapstrake/kernels/suites`, or your own
 * @param backends those that have the kernel, by the names that TensorFlow.js knows; they must be registered
 */
export function describeKernel<Kernel extends FusedKernel>(
  suite: KernelSuite<Kernel>,
  backends: readonly string[],
  options: DescribeKernelOptions<NoInfer<Kernel>> = {}
): void {
  const { kernel, examples, gradientOf }: KernelSuite = suite
  const { tolerance = 1e-5, within }: DescribeKernelOptions = options
  /** Runs `f` on an example that is made on this backend. */
  const on = async <T>(backend: string, which: number, f: (example: KernelExample) => T): Promise<T> => {
    expect(await tf.setBackend(backend)).toBe(true)
    return tf.tidy(() => f(examples(seeded(1))[which]!) as tf.TensorContainer) as T
  }
  const numbered = own(() => examples(seeded(1)).map((example, which) => [wordsOf(example), which] as const))

  describe(kernel.name, () => {
    let before: string
    beforeAll(() => {
      before = tf.getBackend()
    })
    afterAll(() => tf.setBackend(before))

    if (gradientOf) {
      test.each(numbered)('composed, it is the gradient that automatic differentiation finds: %s', async (_, which) => {
        await on('cpu', which, ({ inputs, attributes }) => {
          const { forward, at, arriving } = gradientOf(inputs, attributes)
          const results = valuesOf(kernel.composed(inputs, attributes)).slice(-at.length)
          expectClose(results, valuesOf(pulled(() => forward(...at), at, arriving)), Math.max(tolerance, 1e-4))
        })
      })
    }

    describe.each(backends)('on %s', backend => {
      test.each(numbered)(
        'one kernel gives what it is composed of, in the shapes of the rule: %s',
        async (_, which) => {
          const { expected, shapes } = await on('cpu', which, ({ inputs, attributes }) => ({
            expected: valuesOf(kernel.composed(inputs, attributes)),
            shapes: kernel.shapes(shapesOf(inputs), attributes)
          }))
          const { ran, found } = await on(backend, which, ({ inputs, attributes }) =>
            observed(() => valuesOf(fused(kernel, inputs, attributes)))
          )
          expect(ran).toEqual([kernel.name])
          expectClose(found, expected, tolerance)
          expect(found.map(({ shape }) => shape)).toEqual(Array.isArray(shapes[0]) ? shapes : [shapes])
        }
      )

      test('it leaves nothing behind', async () => {
        for (const [, which] of numbered) {
          await on(backend, which, ({ inputs, attributes }) => {
            const counts = (): number[] => [tf.memory().numTensors, tf.engine().backend.numDataIds()]
            const once = (): void => tf.dispose([fused(kernel, inputs, attributes)].flat() as tf.Tensor[])
            const before = counts()
            once()
            expect(counts()).toEqual(before)
          })
        }
      })

      test('it refuses each input with an axis too many', async () => {
        await on(backend, 0, ({ inputs, attributes }) => {
          for (const name of Object.keys(inputs)) {
            const wrong = { ...inputs, [name]: tf.expandDims(inputs[name]!, 0) }
            expect(() => fused(kernel, wrong, attributes), name).toThrow(/: expected /)
          }
        })
      })

      if (within) {
        test.each(numbered)('an operation with it has the gradients that it has on cpu: %s', async (_, which) => {
          const gradients = ({ inputs, attributes }: KernelExample): Values[] => {
            const at = within.at(inputs)
            const forward = (): tf.Tensor => within.operation(at, inputs, attributes)
            return valuesOf(pulled(forward, at))
          }
          const expected = await on('cpu', which, gradients)
          const { ran, found } = await on(backend, which, example => observed(() => gradients(example)))
          expect(ran).toContain(kernel.name)
          expectClose(found, expected, Math.max(tolerance, 1e-4))
        })
      }
    })
  })
}

/** Of a tensor, on the host. */
interface Values {
  readonly shape: Shape
  readonly values: readonly number[]
}

const valuesOf = (results: KernelResults): Values[] =>
  ([results].flat() as tf.Tensor[]).map(one => ({ shape: one.shape, values: [...one.dataSync()] }))

/** Attributes are no rest for a kernel that is not known. */
const fused = (kernel: FusedKernel, inputs: KernelInputs, attributes: KernelAttributes): KernelResults =>
  fusedOr<KernelInputs, KernelAttributes, KernelResults>(kernel, inputs, attributes)

/** What `f` found, and the kernels that ran meanwhile. */
function observed<T>(f: () => T): { readonly found: T; readonly ran: readonly string[] } {
  const ran: string[] = []
  const stop = observeKernels({ ran: ({ kernel }) => ran.push(kernel) })
  try {
    return { found: f(), ran }
  } finally {
    stop()
  }
}

/** The gradients of an operation, for what arrives at its result: anything, where nothing is said. */
function pulled(forward: () => tf.Tensor, at: readonly tf.Tensor[], arriving?: tf.Tensor): tf.Tensor[] {
  const { outputs, pull } = vjp(() => ({ outputs: [forward()], aux: null }), at)
  return pull([arriving ?? seeded(2).normal(outputs[0]!.shape)], at, { last: true }).map(gradient => gradient!)
}

/** The same shapes, and numbers that differ by no more than so much of the largest expected of their tensor. */
function expectClose(found: readonly Values[], expected: readonly Values[], tolerance: number): void {
  expect(found.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape))
  expected.forEach(({ values }, i) => {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-5)
    const worst = values.reduce((most, value, j) => Math.max(most, Math.abs(found[i]!.values[j]! - value)), 0)
    expect(worst, `result ${i}`).toBeLessThanOrEqual(tolerance * largest)
  })
}

/** An example in words, as `x [2, 3], rate 0.5`. */
const wordsOf = ({ inputs, attributes }: KernelExample): string =>
  [
    ...Object.entries(inputs).map(([name, { shape }]) => `${name} [${shape.join(', ')}]`),
    ...Object.entries(attributes).map(([name, value]) => `${name} ${value}`)
  ].join(', ')
