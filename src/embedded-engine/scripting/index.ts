/** JavaScript in processes. It has all rights of the service and is disabled by default. */
export { compileJavaScript, ScriptError } from './javascript.js';
export type { CompiledScript, ScriptHost } from './script.types.js';
