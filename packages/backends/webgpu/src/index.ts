export { registerWebGPU, type RegisterWebGPUOptions } from './register-webgpu.ts'
export { warmUp, type OnShaders } from './warm-up.ts'
