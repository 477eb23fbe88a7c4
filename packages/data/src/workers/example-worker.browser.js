// Runs in a page's worker, whose name is the module that it asks.
import { answering } from './messages.ts'

const answer = answering(self.name, (answer, buffers) => self.postMessage(answer, buffers))
self.onmessage = ({ data }) => answer(data)
