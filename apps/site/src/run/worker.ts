import type { Command, RunEvent } from './protocol.ts'
import { startSession, type Session } from './session.ts'

const tell = (event: RunEvent): void => postMessage(event)

let session: Session | undefined

onmessage = ({ data: command }: MessageEvent<Command>) => {
  switch (command.kind) {
    case 'ping':
      return tell({ kind: 'alive' })
    case 'start':
      session = startSession(command.request, tell)
      // A worker without a state has nothing more to say; one with a state waits to be asked, until the page stops it.
      void session.ended.then(hasState => {
        if (!hasState) close()
      })
      return
    case 'stop':
      return session?.stop()
    default:
      return session?.ask(command)
  }
}
