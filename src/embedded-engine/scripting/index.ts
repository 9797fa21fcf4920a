/** JavaScript in processes. It has all rights of the service: switched off unless configured. */
export { compileJavaScript, ScriptError } from './javascript.js';
export type { CompiledScript, ScriptHost } from './script.types.js';
