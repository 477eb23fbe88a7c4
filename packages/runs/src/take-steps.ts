import { warmUp } from '@lapstrake/backend-webgpu'
import {
  copyOf,
  dispose,
  meterMemory,
  own,
  tensorsOf,
  type Batch,
  type MemoryMeter,
  type Owned,
  type State,
  type Trainer
} from '@lapstrake/core'
import type { LoadedBatch, Loader, Position } from '@lapstrake/data'
import type { Progressing } from '@lapstrake/scheduler'
import { breathe } from './breathe.ts'
import { eventsOf } from './events-of.ts'
import type { Diagnostics } from './monitor.ts'
import { numbersIn } from './numbers-in.ts'
import type { ObservedStep } from './observed-step.ts'
import type { End, Shaders, Standing, Step, Warning } from './run-events.ts'
import type { StepMetrics } from './step-metrics.ts'
import { TrainingStopped } from './training-stopped.ts'

/** What there is to learn. */
export interface Course {
  readonly trainer: Trainer
  /** Tensors that it learns with and none of the state's, such as a teacher's. */
  readonly beside: unknown
  readonly state: Owned<State>
  readonly source: Loader
  readonly steps: number
  /** A schedule that learns from losses who goes on, where there is one. */
  readonly progressing: Progressing | undefined
  /** Steps from one that is observed to the next; 0 for never. */
  readonly diagnoseEvery: number
  readonly diagnose: (step: ObservedStep) => Promise<Diagnostics>
  readonly save: (state: State) => Promise<Uint8Array>
  /** Asked behind the first of these steps, with the state that entered it: a batch is known to fit. */
  readonly onFirst: (entered: State) => Promise<void>
  /** Takes what has been warned of since it was asked last. */
  readonly warnings: () => readonly string[]
  readonly signal: AbortSignal | undefined
}

/** Where the learning stands. Every step moves it. */
interface Place {
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
  readonly peakBytes: number
  /** Of a step that was observed. */
  readonly diagnostics: Diagnostics | undefined
}

/** Takes a state through the steps that are left, and frees it. */
export async function* takeSteps(course: Course): AsyncGenerator<Step | Warning | Shaders | End, void, void> {
  const { source, steps, progressing, signal, trainer } = course
  const isOver = (): boolean => progressing?.over(trainer.units) === true
  const at: Place = { state: course.state, good: share(course.state) }
  const over = (): boolean => at.state.step >= steps || signal?.aborted === true || isOver()
  let handedOut = false
  try {
    yield* said(course.warnings())
    if (!over())
      for await (const loaded of source.batches(positionOf(at.state, source))) {
        yield* oneStep(course, at, loaded)
        if (over()) break
      }
    const { step } = at.state
    const interrupted = step < steps && !isOver()
    yield { kind: 'end', step, steps, interrupted, ...standingAt(course, at) }
  } catch (error) {
    // Its catcher has the last good state.
    handedOut = error instanceof TrainingStopped
    throw error
  } finally {
    dispose(at.state)
    if (!handedOut) dispose(at.good)
  }
}

/** Takes one step and tells of it. Frees the batch. */
async function* oneStep(
  course: Course,
  at: Place,
  loaded: LoadedBatch
): AsyncGenerator<Step | Warning | Shaders, void, void> {
  const { source, steps, progressing } = course
  const { batch } = loaded
  const began = performance.now()
  try {
    yield* said(warningsOfUnreadable(loaded, source))
    if (at.state.step === course.state.step) yield* shadersFor(course.trainer, at.state, batch)
    const taken = await takeStep(course, at, batch)
    await breathe()
    const { step } = at.state
    yield* said([
      ...course.warnings(),
      ...(step === 1 ? warningsOfSilence(taken.losses) : []),
      ...(progressing?.after(taken.losses, step) ?? []).map(
        unit => `${unit} has learned what it can: from step ${step} on it is frozen.`
      )
    ])
    yield { kind: 'step', metrics: metricsOf(taken, loaded, { step, steps, began }), ...standingAt(course, at) }
  } finally {
    dispose(batch)
  }
}

const said = (warnings: readonly string[]): readonly Warning[] =>
  warnings.map(message => ({ kind: 'warning', message }))

/** Compiles what a step needs on a GPU; elsewhere there is nothing to do. */
const shadersFor = (trainer: Trainer, state: State, batch: Batch): AsyncGenerator<Shaders, void, void> =>
  eventsOf(tell =>
    warmUp(
      () => {
        own(() => {
          trainer.step(share(state), batch)
        })
      },
      (done, total) => tell({ kind: 'shaders', done, total })
    )
  )

/** The state as it is now, for whoever asks before it moves on. */
function standingAt({ trainer, save }: Course, at: Place): Standing {
  const { state } = at
  const still = (what: string): State => {
    if (at.state === state && !isFreed(state)) return state
    throw new Error(
      `run: expected ${what}() of step ${state.step} to be asked for before the next step, but the run has gone on. ` +
        'Call it within the loop, or await it there.'
    )
  }
  return {
    trainer,
    state,
    keep: () => share(still('keep')),
    async save() {
      // Its own: the run may go on while it is written.
      const own = share(still('save'))
      try {
        return await save(own)
      } finally {
        dispose(own)
      }
    }
  }
}

const isFreed = (state: State): boolean => tensorsOf(state).some(tensor => tensor.isDisposed)

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
async function takeStep(course: Course, at: Place, batch: Owned<Batch>): Promise<Taken> {
  const isFirst = at.state.step === course.state.step
  const entered = share(at.state)
  try {
    const taken = await learnFrom(course, at, batch, entered)
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
  { trainer, beside, steps, diagnoseEvery, diagnose }: Course,
  at: Place,
  batch: Owned<Batch>,
  entered: State
): Promise<Taken> {
  const step = at.state.step + 1
  const observe = diagnoseEvery > 0 && (step % diagnoseEvery === 0 || step === steps)
  try {
    const meter = meterMemory(tensorsOf([at.state, batch, beside]))
    const result = metered(meter, () => trainer.step(at.state, batch, { observe }))
    at.state = result.state
    try {
      const losses = await numbersIn(result.losses)
      const observed = { ...result, losses, batch, before: entered, after: at.state }
      return { losses, peakBytes: meter.peak(), diagnostics: observe ? await diagnose(observed) : undefined }
    } finally {
      dispose(result.embeddings)
      dispose(result.gradientNorms)
    }
  } finally {
    dispose(batch)
  }
}

function metered<T>(meter: MemoryMeter, step: () => T): T {
  try {
    return step()
  } finally {
    meter.stop()
  }
}

function refuseInfinite(losses: Taken['losses'], trainer: Trainer, { state: { step }, good }: Place): void {
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
  { losses, peakBytes, diagnostics }: Taken,
  { epoch, waited, replaced }: LoadedBatch,
  { step, steps, began }: { readonly step: number; readonly steps: number; readonly began: number }
): StepMetrics => ({
  step,
  steps,
  epoch,
  losses,
  milliseconds: performance.now() - began,
  waited,
  peakBytes,
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

/**
 * Of units whose first loss is zero to the bit: there was nothing to compare, and there will not be. A penalty, whose
 * name has a dot, may begin at zero.
 */
const warningsOfSilence = (losses: Taken['losses']): readonly string[] =>
  Object.entries(losses)
    .filter(([name, loss]) => loss === 0 && !name.includes('.'))
    .map(
      ([unit]) =>
        `${unit} found nothing to compare in its first batch: its loss is exactly 0 and teaches nothing. ` +
        'Try a larger batch, or labels.'
    )

/** The same state with tensors of its own that share the data. */
const share = (state: State): Owned<State> => own(() => copyOf(state))
