export { registerWebGPU, type WebGPUOptions } from './register-webgpu.ts'
export { warmUp, type OnShaders } from './warm-up.ts'
