import { fusedOr, own, type Owned } from '@lapstrake/core'
import { fusedKernels } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'
import { attributeFor } from './attributes.ts'
import type { Argument, Instruction, Program } from './program.ts'

type Constants = Readonly<Record<string, tf.Tensor>>

/** The kernels of a program that a backend has not, and that are not composed of others either. */
export const lacking = ({ instructions }: Program, backend: string): readonly string[] => [
  ...new Set(
    instructions
      .map(({ kernel }) => kernel)
      .filter(kernel => tf.getKernel(kernel, backend) === undefined && fusedOf(kernel) === undefined)
  )
]

const fusedOf = (kernel: string): (typeof fusedKernels)[number] | undefined =>
  fusedKernels.find(({ name }) => name === kernel)

/** What is to be done for one level: instructions, the numbers of their results, and what nobody needs after each. */
export interface Steps {
  readonly value: number
  readonly steps: readonly {
    readonly instruction: Instruction
    readonly results: readonly number[]
    readonly over: readonly number[]
  }[]
}

/** The steps to what a program has at a level. */
export function stepsTo({ instructions, levels }: Program, level: number): Steps {
  const value = levels[level]!
  let made = 1
  const all = instructions.map(instruction => {
    const results = Array.from({ length: instruction.results }, () => made++)
    return { instruction, results }
  })
  // From the last to the first: what is seen for the first time is used for the last time.
  const wanted = new Set([value])
  const steps: Steps['steps'][number][] = []
  for (const { instruction, results } of all.reverse()) {
    if (!results.some(result => wanted.has(result))) continue
    const used = Object.values(instruction.inputs).filter(input => typeof input === 'number')
    const over = [...new Set([...results, ...used])].filter(number => number !== 0 && !wanted.has(number))
    used.forEach(number => wanted.add(number))
    steps.unshift({ instruction, results, over })
  }
  return { value, steps }
}

/** Follows steps from an input. What is no longer needed is freed at once, and everything where a kernel throws. */
export function follow({ value, steps }: Steps, constants: Constants, input: tf.Tensor): Owned<tf.Tensor> {
  const values = new Map([[0, input]])
  try {
    for (const { instruction, results, over } of steps) {
      const made = run(instruction, values, constants, input.shape[0]!)
      results.forEach((number, i) => values.set(number, made[i]!))
      for (const number of over) {
        values.get(number)!.dispose()
        values.delete(number)
      }
    }
    return (value === 0 ? tf.clone(input) : values.get(value)!) as Owned<tf.Tensor>
  } catch (error) {
    values.delete(0)
    values.forEach(tensor => tensor.dispose())
    throw error
  }
}

function run(
  { kernel, inputs, attributes, results }: Instruction,
  values: ReadonlyMap<number, tf.Tensor>,
  constants: Constants,
  images: number
): readonly tf.Tensor[] {
  const argument = (given: Argument): tf.Tensor => {
    if (typeof given === 'number') return values.get(given)!
    if (typeof given === 'string') return constants[given]!
    const row = constants[given.forEach]!
    return tf.tile(row, [images, ...row.shape.slice(1).map(() => 1)])
  }
  const made = own(() => {
    const tensors = Array.isArray(inputs)
      ? (inputs as readonly Argument[]).map(argument)
      : Object.fromEntries(Object.entries(inputs).map(([name, given]) => [name, argument(given)]))
    const given = Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [name, attributeFor(value, images)])
    )
    const fused = fusedOf(kernel)
    const result = fused
      ? fusedOr(fused, tensors as never, given as never)
      : tf.engine().runKernel(kernel, tensors as never, given as never)
    return [result].flat() as tf.Tensor[]
  })
  if (made.length === results) return made
  made.forEach(tensor => tensor.dispose())
  throw new Error(`encode: expected ${results} results of ${kernel}, got ${made.length}. Export the network again.`)
}
