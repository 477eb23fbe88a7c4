import { useBackend } from '../use-backend.ts'
import { leaveEverywhere } from './pulled.ts'

// A worker of a page, as recipes run in one.
const answer = async (): Promise<void> => {
  try {
    await useBackend('wasm', { threads: 1 })
    postMessage({ outcomes: await leaveEverywhere() })
  } catch (error) {
    postMessage({ message: String(error) })
  }
}
void answer()
