export { registerWasm, type RegisterWasmOptions } from './register-wasm.ts'
