import type { Question, Tell } from './protocol.ts'

export type Answer = (question: Question) => Promise<void>

/** Questions to a run, which wait until it has time for them. */
export interface Questions {
  ask(question: Question): void
  /** Answers all that were asked, and keeps the answer for those to come. */
  answerAll(answer: Answer): Promise<void>
  /** The same for the last time: from now on what is asked is answered at once. */
  answerFromNowOn(answer: Answer): Promise<void>
}

/** An answer that fails is told as a warning. */
export function questions(tell: Tell, messageOf: (error: unknown) => string): Questions {
  const waiting: Question[] = []
  let answerAtOnce: Answer | undefined
  const answerAll = async (answer: Answer): Promise<void> => {
    for (let question = waiting.shift(); question !== undefined; question = waiting.shift()) {
      await answer(question).catch((error: unknown) =>
        tell({ kind: 'warning', message: messageOf(error), question: question.kind })
      )
    }
  }
  return {
    ask(question) {
      waiting.push(question)
      if (answerAtOnce !== undefined) void answerAll(answerAtOnce)
    },
    answerAll,
    answerFromNowOn(answer) {
      answerAtOnce = answer
      return answerAll(answer)
    }
  }
}
