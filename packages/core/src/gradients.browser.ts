// Bundlers resolve this file, which registers the gradients of all operations and nothing else. Flags come first:
// gradients read them as they load.
import '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-core/dist/register_all_gradients.js'
