export { registerNode } from './register-node.ts'
