import { copyOf, dispose, own, type Batch, type Owned, type State, type Trainer } from '@lapstrake/core'
import { warmUp } from '@lapstrake/backend-webgpu'
import type { LoadedBatch, Loader, Position } from '@lapstrake/data'
import type { Freezing } from './freezing.ts'
import type { Diagnostics } from './monitor.ts'
import { numbersIn } from './numbers-in.ts'
import type { ObservedStep } from './observed-step.ts'
import type { StepMetrics } from './step-metrics.ts'
import type { TrainOptions, Trained } from './train-options.ts'
import { TrainingStopped } from './training-stopped.ts'
import * as tf from '@tensorflow/tfjs-core'

/** What there is to learn, and who is told of it. */
export interface Course extends Pick<TrainOptions, 'onStep' | 'onWarmUp' | 'onWarning' | 'signal'> {
  readonly trainer: Trainer
  readonly state: Owned<State>
  readonly source: Loader
  readonly steps: number
  readonly freezer: Freezing | undefined
  /** Steps from one that is observed to the next; 0 for never. */
  readonly diagnoseEvery: number
  readonly diagnose: (step: ObservedStep) => Promise<Diagnostics>
  readonly save: (state: State) => Promise<Uint8Array>
  /** Called behind the first of these steps, with the state that entered it: a batch is known to fit. */
  readonly onFirst: (entered: State) => Promise<void>
}

/** Where the learning stands. Every step moves it. */
interface Standing {
  state: Owned<State>
  /**
   * The state that entered the last step with finite losses. It shares its data with what follows, where that is
   * unchanged.
   */
  good: Owned<State>
}

/** What a step gave, read. */
interface Taken {
  readonly losses: Readonly<Record<string, number>>
  /** Of a step that was observed. */
  readonly diagnostics: Diagnostics | undefined
}

/** Takes a state through the steps that are left. */
export async function learn(course: Course): Promise<Trained> {
  const { trainer, source, steps, freezer, signal, onStep, onWarning } = course
  const at: Standing = { state: course.state, good: share(course.state) }
  const over = (): boolean => at.state.step >= steps || signal?.aborted === true || freezer?.over === true
  try {
    if (!over())
      for await (const loaded of source.batches(positionOf(at.state, source))) {
        const began = performance.now()
        warningsOfUnreadable(loaded, source).forEach(warning => onWarning?.(warning))
        const taken = await takeStep(course, at, loaded.batch)
        const { step } = at.state
        if (step === 1) warningsOfSilence(taken.losses).forEach(warning => onWarning?.(warning))
        for (const unit of freezer?.after(taken.losses, step) ?? [])
          onWarning?.(`${unit} has learned what it can: from step ${step} on it is frozen.`)
        await onStep?.(metricsOf(taken, loaded, { step, steps, began }), at.state, async () => course.save(at.state))
        if (over()) break
      }
  } catch (error) {
    dispose(at.state)
    if (!(error instanceof TrainingStopped)) dispose(at.good)
    throw error
  }
  dispose(at.good)
  return { trainer, state: at.state, interrupted: at.state.step < steps && freezer?.over !== true }
}

/** The batch that a state learns from next. */
const positionOf = ({ step }: State, { batchesPerEpoch }: Loader): Position => ({
  epoch: Math.floor(step / batchesPerEpoch),
  batch: step % batchesPerEpoch
})

/**
 * Takes one step. Frees the batch.
 *
 * @throws TrainingStopped if a loss is not finite
 */
async function takeStep(course: Course, at: Standing, batch: Owned<Batch>): Promise<Taken> {
  const isFirst = at.state.step === course.state.step
  const entered = share(at.state)
  try {
    const taken = await learnFrom(course, at, batch, { entered, isFirst })
    refuseInfinite(taken.losses, course.trainer, at)
    if (isFirst) await course.onFirst(entered)
    dispose(at.good)
    at.good = entered
    return taken
  } catch (error) {
    dispose(entered)
    throw error
  }
}

/** Moves the state by a batch, which it frees, and reads what is told of the step. */
async function learnFrom(
  { trainer, steps, diagnoseEvery, diagnose, onWarmUp }: Course,
  at: Standing,
  batch: Owned<Batch>,
  { entered, isFirst }: { readonly entered: State; readonly isFirst: boolean }
): Promise<Taken> {
  const step = at.state.step + 1
  const observe = diagnoseEvery > 0 && (step % diagnoseEvery === 0 || step === steps)
  try {
    if (isFirst)
      await warmUp(() => {
        own(() => {
          trainer.step(share(at.state), batch)
        })
      }, onWarmUp)
    const result = trainer.step(at.state, batch, { observe })
    at.state = result.state
    try {
      const losses = await numbersIn(result.losses)
      const observed = { ...result, losses, batch, before: entered, after: at.state }
      return { losses, diagnostics: observe ? await diagnose(observed) : undefined }
    } finally {
      dispose(result.embeddings)
      dispose(result.gradientNorms)
    }
  } finally {
    dispose(batch)
  }
}

function refuseInfinite(losses: Taken['losses'], trainer: Trainer, { state: { step }, good }: Standing): void {
  const [unit, loss] = Object.entries(losses).find(([, value]) => !Number.isFinite(value)) ?? []
  if (unit !== undefined)
    throw new TrainingStopped(
      `train: expected finite losses, got ${loss} for ${unit} in step ${step}. ` +
        'Try a lower learning rate, a longer warm-up or clipByNorm(); the state before is kept.',
      trainer,
      good
    )
}

const metricsOf = (
  { losses, diagnostics }: Taken,
  { epoch, waited, replaced }: LoadedBatch,
  { step, steps, began }: { readonly step: number; readonly steps: number; readonly began: number }
): StepMetrics => ({
  step,
  steps,
  epoch,
  losses,
  milliseconds: performance.now() - began,
  waited,
  bytes: tf.memory().numBytes,
  diagnoses: diagnostics?.diagnoses,
  stages: diagnostics?.stages,
  replaced: replaced.length > 0 ? replaced.length : undefined
})

const warningsOfUnreadable = ({ newlyUnreadable }: LoadedBatch, { unreadable }: Loader): readonly string[] =>
  newlyUnreadable.map(
    ({ example, reason }) =>
      `${example} cannot be read: ${reason}. The next of each epoch's order takes its place. ` +
      `Unreadable so far: ${unreadable.size}.`
  )

/** Of units whose first loss is zero to the bit: there was nothing to compare, and there will not be. */
const warningsOfSilence = (losses: Taken['losses']): readonly string[] =>
  Object.entries(losses)
    .filter(([, loss]) => loss === 0)
    .map(
      ([unit]) =>
        `${unit} found nothing to compare in its first batch: its loss is exactly 0 and teaches nothing. ` +
        'Try a larger batch, or labels.'
    )

/** The same state with tensors of its own that share the data. */
const share = (state: State): Owned<State> => own(() => copyOf(state))
