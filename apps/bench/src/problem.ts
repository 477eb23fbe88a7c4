// A loss and something to take its gradient of: two views of a batch, and whatever else the loss reads.
import * as tf from '@tensorflow/tfjs-core'
import {
  dispose,
  leaves,
  namedLeaves,
  own,
  seeded,
  tensorsOf,
  vjp,
  type Batch,
  type LocalLoss,
  type LossShapes,
  type LossVariables,
  type Owned,
  type Shape,
  type StatefulLoss,
  type Views
} from 'lapstrake'

/** What a loss compares. */
export type Kind = 'rows' | 'logits' | 'maps'

/** What else of a batch a loss may read. */
export type Extra = 'labels' | 'indices' | 'teacher' | 'targets'

/** What a batch holds of each kind of views, without the batch axis. */
export const shapeOf: Readonly<Record<Kind, Shape>> = { rows: [128], logits: [100], maps: [4, 4, 128] }

/** Examples in the data set that indices point into, for losses that keep a row for each. */
export const examples = 16_384

/** The most rows any loss here keeps in a queue. */
const longestQueue = 4096

/** Everything a loss may be asked about. */
export type Material = Required<Pick<Batch, Extra | 'views'>>

/** The same for the same kind and batch size. */
export function materialOf(batch: number, kind: Kind): Owned<Material> {
  const random = seeded(batch)
  const view = (what: string, place: number): tf.Tensor => random.split(what, place).normal([batch, ...shapeOf[kind]])
  const pair = (what: string): Views => [view(what, 0), view(what, 1)]
  // Another network's rows are constants to the loss, whether it teaches or follows.
  const others = pair('others')
  return {
    views: pair('views'),
    teacher: others,
    targets: others as Views<tf.Tensor2D>,
    labels: tf.tensor1d(
      Int32Array.from(random.split('labels').uniforms(batch), value => Math.floor(10 * value)),
      'int32'
    ),
    indices: tf.tensor1d(Int32Array.from(random.split('indices').permutation(examples).subarray(0, batch)), 'int32')
  } as Owned<Material>
}

/** What one step gives to look at. */
export interface Answer {
  readonly loss: number
  /** Of the gradient for all views and parameters, as one long vector. */
  readonly gradientLength: number
}

export interface Problem {
  /** Forward and backward once, to the views and the loss's own parameters; done when the backend is. */
  step(): Promise<void>
  /** The same, with the answer read. */
  solve(): Promise<Answer>
  /** All tensors that go in, by name. */
  readonly inputs: Readonly<Record<string, tf.Tensor>>
  dispose(): void
}

export interface ProblemOptions {
  readonly loss: LocalLoss
  readonly kind: Kind
  readonly reads: readonly Extra[]
}

/**
 * A loss on borrowed material, of which only what it reads is needed. What it remembers is as it would be in the middle
 * of a run.
 */
export function problemOf({ loss, kind, reads }: ProblemOptions, material: Batch): Problem {
  const { views, ...extras } = material
  const embeddings = views as Views<tf.Tensor2D>
  const batch: Batch = { views, ...Object.fromEntries(reads.map(name => [name, extras[name]])) }
  const variables = variablesOf(loss, embeddings, batch, { embedding: shapeOf[kind], teacher: shapeOf[kind], examples })
  const wanted = [...views, ...leaves(variables.params)]

  const differentiate = (): { outputs: readonly tf.Tensor[]; gradients: readonly tf.Tensor[]; memory: unknown } => {
    const { outputs, aux, pull } = vjp(() => {
      const { loss: value, memory } = applied(loss, embeddings, batch, variables)
      return { outputs: [value], aux: memory }
    }, wanted)
    const gradients = pull([tf.scalar(1)], wanted, { last: true, consume: true }).filter(
      gradient => gradient !== undefined
    )
    return { outputs, gradients, memory: aux }
  }
  const done = async <T>(
    read: (outputs: readonly tf.Tensor[], gradients: readonly tf.Tensor[]) => Promise<T>
  ): Promise<T> => {
    const { outputs, gradients, memory } = differentiate()
    const answer = await read(outputs, gradients)
    const remembered = new Set(tensorsOf(variables.memory))
    tf.dispose([...outputs, ...gradients, ...tensorsOf(memory).filter(tensor => !remembered.has(tensor))])
    return answer
  }
  return {
    // Backends that queue their work are done when they can say the loss, which is four bytes.
    step: () =>
      done(async ([value]) => {
        await value!.data()
      }),
    solve: () =>
      done(async ([value], gradients) => {
        const lengths = await Promise.all(
          gradients.map(async gradient => lengthOf((await gradient.data()) as Float32Array))
        )
        return { loss: (await value!.data())[0]!, gradientLength: Math.hypot(...lengths) }
      }),
    inputs: Object.fromEntries(
      namedLeaves<unknown>({
        views,
        ...Object.fromEntries(reads.map(name => [name, extras[name]])),
        ...variables
      } as never).flatMap(({ name, value }) => (value instanceof tf.Tensor ? [[name, value]] : []))
    ),
    dispose: () => dispose(variables)
  }
}

const lengthOf = (numbers: Float32Array): number => Math.sqrt(numbers.reduce((sum, x) => sum + x * x, 0))

function applied(
  loss: LocalLoss,
  embeddings: Views<tf.Tensor2D>,
  batch: Batch,
  variables: LossVariables
): ReturnType<StatefulLoss['apply']> {
  return typeof loss === 'function'
    ? { loss: loss(embeddings, batch), memory: {} }
    : loss.apply(embeddings, batch, variables)
}

/** The variables of a loss after enough steps to fill its queues. */
function variablesOf(
  loss: LocalLoss,
  embeddings: Views<tf.Tensor2D>,
  batch: Batch,
  shapes: LossShapes
): Owned<LossVariables> {
  if (typeof loss === 'function') return own(() => ({ params: {}, memory: {} }))
  let variables = own(() => loss.init(seeded(7), shapes))
  for (let kept = 0; kept < longestQueue; kept += embeddings[0].shape[0]) {
    const { params } = variables
    const memory = own(() => loss.apply(embeddings, batch, variables).memory)
    const still = new Set(tensorsOf({ params, memory }))
    for (const tensor of tensorsOf(variables)) if (!still.has(tensor)) tensor.dispose()
    variables = own(() => ({ params, memory }))
  }
  return variables
}
