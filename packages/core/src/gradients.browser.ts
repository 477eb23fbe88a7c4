// Bundlers resolve this file, which registers the gradients of all operations and nothing else.
import '@tensorflow/tfjs-core/dist/register_all_gradients'
