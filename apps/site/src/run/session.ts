import { subset, train, TrainingStopped, useBackend, type Dataset, type Experiment, type State } from 'lapstrake'
import { openData } from './data/open-data.ts'
import { evaluate } from './evaluate.ts'
import { experimentOf } from './experiment-of.ts'
import { modules } from './modules.ts'
import { observer, type Observer } from './observe/observer.ts'
import { pace } from './observe/pace.ts'
import { firstViews } from './observe/views.ts'
import type { Blame, Command, RunEvent, RunRequest } from './protocol.ts'
import { lineOf, RecipeError } from './recipe-error.ts'
import { recipes } from './recipes.ts'
import { exportWeights, saveRun } from './saved-run.ts'
import { watchGpu } from './watch-gpu.ts'

/** What may be asked of a run between its steps, and when it is over. */
export type Question = Exclude<Command, { kind: 'start' | 'ping' }>

/** A run under way. */
export interface Session {
  ask(question: Question): void
  /** Resolves when training is over, with whether there is a state left to ask about. */
  readonly ended: Promise<boolean>
}

export type Tell = (event: RunEvent) => void

/** Runs a recipe as a request says and tells what happens. Never throws: what fails is told. */
export function startSession(request: RunRequest, tell: Tell): Session {
  const questions: Question[] = []
  let answer: (question: Question) => Promise<void> = async () => {}
  let over = false
  let failed = false
  const fail = (event: Extract<RunEvent, { kind: 'error' }>): void => {
    // What follows from a failure says less than the first.
    if (!failed) tell(event)
    failed = true
  }
  const answerAll = async (): Promise<void> => {
    for (let question = questions.shift(); question !== undefined; question = questions.shift()) {
      await answer(question).catch((error: unknown) => tell({ kind: 'warning', message: messageOf(error) }))
    }
  }

  async function follow(): Promise<boolean> {
    let blame: Blame = 'recipe'
    try {
      const experiment = experimentOf(evaluate(request.recipe, { ...recipes, [request.recipe]: request.source }, modules))
      blame = 'backend'
      const end = new AbortController()
      const { name, description, refused } = await useBackend(request.backend, { acceptSoftware: request.acceptSoftware ?? false })
      tell({ kind: 'backend', name, description, refused })
      if (name === 'webgpu') {
        watchGpu(message => {
          fail({ kind: 'error', blame: 'backend', message })
          end.abort()
        })
      }
      blame = 'data'
      const data = await openData(request.data, {
        onProgress: (what, done, total) => tell({ kind: 'progress', what, done, total }),
        onWarning: message => tell({ kind: 'warning', message })
      })
      const training = limited(data.training, experiment.examples)
      tell({ kind: 'data', name: training.name, size: training.size, shape: training.shape, classes: training.classes, skipped: data.skipped })
      blame = 'training'
      const looking = observer(experiment.backbone, { ...data, training }, tell)
      const answering = (state: State): typeof answer => question => reply(question, state, { looking, experiment, tell })
      const steps = Math.min(request.steps ?? Infinity, tellPlan(experiment, training, tell))
      const views = await firstViews(experiment, training, request.seed)
      if (views !== undefined) tell(views)
      if (name === 'webgpu') tell({ kind: 'progress', what: 'Compiling shaders', done: 0 })
      try {
        const state = await learn({ experiment, training, steps, end, looking, onState: async state => {
          answer = answering(state)
          await breathe()
          await answerAll()
        } })
        answer = answering(state)
        if (failed) return false
        await looking.look(state)
        tell({ kind: 'done', steps: state.step, interrupted: state.step < steps })
      } catch (error) {
        if (!(error instanceof TrainingStopped)) throw error
        answer = answering(error.state)
        fail({ kind: 'error', blame: 'training', message: error.message })
      }
      over = true
      await answerAll()
      return true
    } catch (error) {
      const line = error instanceof RecipeError ? error.line : lineOf(request.recipe, error)
      fail({ kind: 'error', blame: line === undefined ? blame : 'recipe', message: messageOf(error), ...(line !== undefined && { line }) })
      return false
    }
  }

  interface Course {
    readonly experiment: Experiment
    readonly training: Dataset
    readonly steps: number
    readonly end: AbortController
    readonly looking: Observer
    readonly onState: (state: State) => Promise<void>
  }
  async function learn({ experiment, training, steps, end, looking, onState }: Course): Promise<State> {
    // The place where a run that was saved comes back: `saved-run.ts` has the other half.
    if (request.resume !== undefined) throw new Error('resume: expected a run from its beginning, got one that was saved, which cannot be taken up yet.')
    const { due, take } = pace()
    const { state } = await train(experiment, training, {
      seed: request.seed, signal: end.signal,
      onWarning: message => tell({ kind: 'warning', message }),
      onTeacherStep: async ({ step, steps: total }) => {
        tell({ kind: 'progress', what: 'The teacher learns first', done: step, total })
        await breathe()
      },
      async onStep(metrics, state) {
        tell({ kind: 'step', metrics })
        if (metrics.step >= steps) end.abort()
        await onState(state)
        if (due() && !end.signal.aborted) await take(() => looking.look(state))
      }
    })
    return state
  }

  return {
    ask(question) {
      questions.push(question)
      if (over) void answerAll()
    },
    ended: follow()
  }
}

async function reply(
  question: Question, state: State, { looking, experiment, tell }: { readonly looking: Observer; readonly experiment: Experiment; readonly tell: Tell }
): Promise<void> {
  switch (question.kind) {
    case 'map': return looking.map(state, question.method)
    case 'save': return tell({ kind: 'saved', step: state.step, bytes: await saveRun(state) })
    case 'export': return tell({ kind: 'weights', step: state.step, bytes: await exportWeights(state, experiment.name) })
  }
}

const limited = (dataset: Dataset, examples: number = Infinity): Dataset => (examples < dataset.size ? subset(dataset, { count: examples }) : dataset)

/** Tells what is going to happen, and gives back how many steps that takes. */
function tellPlan({ name, backbone: { stages }, isolation, batchSize, epochs }: Experiment, { size }: Dataset, tell: Tell): number {
  const steps = epochs * Math.floor(size / batchSize)
  tell({ kind: 'plan', name, stages: stages.length, spans: isolation(stages.length), steps, batchSize })
  return steps
}

/** Lets messages in: a step may wait for nothing but promises, and these come before messages. */
const breathe = (): Promise<void> => new Promise(resolve => {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => {
    port1.close()
    resolve()
  }
  port2.postMessage(undefined)
})

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return /allocation failed|out of memory|could not allocate/i.test(message)
    ? `Out of memory: ${message}. Try a smaller batch, narrower stages or fewer images.`
    : message
}
