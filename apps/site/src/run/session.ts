import { failureOf, messageOf, type Standing } from './failure.ts'
import { learn } from './learn.ts'
import { prepare } from './prepare.ts'
import type { Question, RunRequest, Tell } from './protocol.ts'
import { questions, type Questions } from './questions.ts'

/** A run under way. */
export interface Session {
  ask(question: Question): void
  /** Resolves when training is over, with whether there is a state left to ask about. */
  readonly ended: Promise<boolean>
}

/** Runs a recipe as a request says and tells what happens. Never throws: what fails is told. */
export function startSession(request: RunRequest, tell: Tell): Session {
  const asked = questions(tell, messageOf)
  return { ask: asked.ask, ended: follow(request, tell, asked) }
}

async function follow(request: RunRequest, tell: Tell, questions: Questions): Promise<boolean> {
  const standing: Standing = { blame: 'recipe', step: 0 }
  try {
    const prepared = await prepare(request, standing, tell)
    await learn(prepared, { request, tell, questions, standing })
    return true
  } catch (error) {
    tell(failureOf(error, request.recipe, standing))
    return false
  }
}
