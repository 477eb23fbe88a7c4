import { failureOf, messageOf, type Standing } from './failure.ts'
import { learn } from './learn.ts'
import { prepare } from './prepare.ts'
import type { Question, RunRequest, Tell } from './protocol.ts'
import { questions, type Questions } from './questions.ts'

/** A run under way. */
export interface Session {
  ask(question: Question): void
  /** Ends training after the step under way; what was learned stays to be asked about. */
  stop(): void
  /** Resolves when training is over, with whether there is a state left to ask about. */
  readonly ended: Promise<boolean>
}

/** Runs a recipe as a request says and tells what happens. Never throws: what fails is told. */
export function startSession(request: RunRequest, tell: Tell): Session {
  const asked = questions(tell, messageOf)
  let stopping = false
  return {
    ask: asked.ask,
    stop() {
      stopping = true
    },
    ended: follow(request, { tell, questions: asked, stopping: () => stopping })
  }
}

interface Outside {
  readonly tell: Tell
  readonly questions: Questions
  readonly stopping: () => boolean
}

async function follow(request: RunRequest, { tell, ...outside }: Outside): Promise<boolean> {
  const standing: Standing = { blame: 'recipe', step: 0 }
  try {
    const prepared = await prepare(request, standing, tell)
    await learn(prepared, { request, tell, standing, ...outside })
    return true
  } catch (error) {
    tell(failureOf(error, request.recipe, standing))
    return false
  }
}
