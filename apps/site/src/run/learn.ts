import {
  breathe,
  networkOf,
  run,
  serialiseEncoder,
  TrainingStopped,
  weightsOf,
  type ImageDataset,
  type Experiment,
  type Network,
  type Owned,
  type RunEvent,
  type Standing as RunStanding,
  type State
} from 'lapstrake'
import type { Standing } from './failure.ts'
import { observer, type Observer } from './observe/observer.ts'
import { pace } from './observe/pace.ts'
import { firstViews } from './observe/views.ts'
import type { Prepared } from './prepare.ts'
import type { Question, RunRequest, Tell } from './protocol.ts'
import type { Answer, Questions } from './questions.ts'

export interface LearnOptions {
  readonly request: RunRequest
  readonly tell: Tell
  /** Answered between steps, and at once when training is over. */
  readonly questions: Questions
  /** Its step, and what is kept of a run that a GPU may lose, follow the training. */
  readonly standing: Standing
  /** Whether to end after the step under way. */
  readonly stopping: () => boolean
}

/** Trains what was prepared, looks at it now and then, and tells of all. What stays at the end is there to be asked. */
export async function learn(prepared: Prepared, options: LearnOptions): Promise<void> {
  const { experiment, data } = prepared
  const { request, tell, questions, stopping } = options
  const network = networkOf(experiment.backbone, data.training.shape)
  const looking = observer(network, data, tell)
  const answerFrom: Course['answerFrom'] = (state, save) => question =>
    reply(question, { state, network, looking, experiment, tell, save })
  const steps = Math.min(request.steps ?? Infinity, tellPlan(experiment, data.training, tell))
  const views = await firstViews(experiment, data.training, request.seed)
  if (views !== undefined) tell(views)
  let answer: Answer
  try {
    const { state, save } = await takeSteps(prepared, options, { steps, looking, answerFrom })
    answer = answerFrom(state, save)
    if (!stopping()) await looking.look(state)
    tell({ kind: 'done', steps: state.step, interrupted: state.step < steps })
  } catch (error) {
    if (!(error instanceof TrainingStopped)) throw error
    answer = answerFrom(error.state)
    tell({ kind: 'error', blame: 'training', message: error.message })
  }
  await questions.answerFromNowOn(answer)
}

interface Course {
  readonly steps: number
  readonly looking: Observer
  readonly answerFrom: (state: State, save?: Save) => Answer
}

/** Takes so many steps, and gives where the run stands then. */
async function takeSteps(
  { experiment, backend, data }: Prepared,
  { request, tell, questions, standing, stopping }: LearnOptions,
  { steps, looking, answerFrom }: Course
): Promise<{ readonly state: Owned<State>; readonly save: Save }> {
  const looks = pace()
  // What a GPU holds is gone with it.
  const keeping = backend === 'webgpu' ? pace({ first: 0, interval: 15_000, share: 0.05 }) : undefined
  const { seed, resume } = request
  for await (const event of run(experiment, { dataset: data.training, seed, resume })) {
    tellBeforehand(event, tell)
    if (event.kind === 'end') return await kept(event)
    if (event.kind !== 'step') continue
    const { metrics, state, save } = event
    tell({ kind: 'step', metrics })
    standing.step = state.step
    if (keeping?.due())
      await keeping.take(async () => {
        standing.kept = { step: state.step, bytes: (await save()) as Uint8Array<ArrayBuffer> }
      })
    await breathe()
    await questions.answerAll(answerFrom(state, save))
    if (metrics.step >= steps || stopping()) return await kept(event)
    // First come some losses: a look may take as long as several steps.
    if (metrics.step >= 10 && looks.due()) await looks.take(() => looking.look(state))
  }
  throw new Error('training: expected the run to end, but it did not.')
}

/** What stays of a run that is left here: its state, and the file of it. */
async function kept(at: RunStanding): Promise<{ readonly state: Owned<State>; readonly save: Save }> {
  const file = await at.save()
  return { state: at.keep(), save: async () => file }
}

/** Tells what comes before the first step, and warnings. */
function tellBeforehand(event: RunEvent, tell: Tell): void {
  if (event.kind === 'warning') tell({ kind: 'warning', message: event.message })
  if (event.kind === 'shaders')
    tell({ kind: 'progress', what: 'Compiling shaders', done: event.done, total: event.total })
  if (event.kind === 'teacher') {
    const { step: done, steps: total } = event.metrics
    tell({ kind: 'progress', what: `${event.experiment.name} learns first`, done, total })
  }
}

/** The run as it stands, to be gone on with. */
type Save = () => Promise<Uint8Array>

interface Asked {
  readonly state: State
  readonly network: Network
  readonly looking: Observer
  readonly experiment: Experiment
  readonly tell: Tell
  /** Left out where the run cannot be gone on with. */
  readonly save?: Save | undefined
}

async function reply(question: Question, { state, network, looking, experiment, tell, save }: Asked): Promise<void> {
  switch (question.kind) {
    case 'map':
      return looking.map(state, question.method)
    case 'export':
      return tell({
        kind: 'weights',
        step: state.step,
        bytes: (await weightsOf(state, experiment.name)) as Uint8Array<ArrayBuffer>
      })
    case 'encoder': {
      const bytes = await serialiseEncoder(network, state.stages, { name: experiment.name })
      return tell({ kind: 'encoder', step: state.step, bytes: bytes as Uint8Array<ArrayBuffer> })
    }
    case 'save':
      if (save === undefined)
        throw new Error(
          'save: expected a run that can be gone on with, but this one is over. Export its weights instead.'
        )
      return tell({ kind: 'saved', step: state.step, bytes: (await save()) as Uint8Array<ArrayBuffer> })
  }
}

/** Tells what is going to happen, and gives back how many steps that takes. */
function tellPlan(
  { name, backbone: { stages }, isolation, batchSize, epochs }: Experiment,
  { size }: ImageDataset,
  tell: Tell
): number {
  const steps = epochs * Math.floor(size / batchSize)
  tell({ kind: 'plan', name, stages: stages.length, spans: isolation(stages.length), steps, batchSize })
  return steps
}
