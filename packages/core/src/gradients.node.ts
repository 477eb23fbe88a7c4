// TensorFlow.js registers the gradients of its operations on import, but its core cannot do so in plain Node:
// the file that registers them is not importable there. The layers package registers them as it loads.
import '@tensorflow/tfjs-layers'
