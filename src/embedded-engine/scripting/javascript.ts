import { createContext, Script } from 'node:vm';
import type { CompiledScript, ScriptHost } from './script.types.js';

/** Time limit of a script, in milliseconds: it blocks everything else in the process. */
const TIME_LIMIT_MS = 2_000;

/** A script that cannot be parsed, threw an error, or exceeded its time limit. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
}

/**
 * Parses JavaScript. There is no sandbox: a script can access everything that the process can.
 *
 * @param name shown in stack traces
 * @throws ScriptError with the syntax error
 */
export function compileJavaScript(source: string, name: string, timeLimitMs = TIME_LIMIT_MS): CompiledScript {
  let script: Script;
  try {
    script = new Script(source, { filename: `${name}.js` });
  } catch (error) {
    throw new ScriptError(messageOf(error), { cause: error });
  }
  return {
    source,
    run: (host) => {
      try {
        const globals = createContext({
          ...Object.fromEntries(host.variables()),
          execution: execution(host),
        });
        return script.runInContext(globals, { timeout: timeLimitMs }) as unknown;
      } catch (error) {
        throw new ScriptError(
          `Unable to evaluate script while executing activity '${name}' in the process definition with id '${String(host.property('processDefinitionId'))}':${nameOf(error)}${messageOf(error)}`,
          {
            cause: error,
          },
        );
      }
    },
  };
}

/** The global `execution` of scripts: the useful part of Camunda's DelegateExecution. */
function execution(host: ScriptHost): Readonly<Record<string, (...args: never[]) => unknown>> {
  return {
    getVariable: (name: string) => host.getVariable(name),
    getVariables: () => host.getVariables(),
    hasVariable: (name: string) => host.hasVariable(name),
    setVariable: (name: string, value: unknown) => {
      host.setVariable(name, value);
    },
    setVariableLocal: (name: string, value: unknown) => {
      host.setVariableLocal(name, value);
    },
    removeVariable: (name: string) => {
      host.removeVariable(name);
    },
    getId: () => host.property('id'),
    getProcessInstanceId: () => host.property('processInstanceId'),
    getProcessDefinitionId: () => host.property('processDefinitionId'),
    getProcessBusinessKey: () => host.property('businessKey'),
    getBusinessKey: () => host.property('businessKey'),
    getActivityInstanceId: () => host.property('activityInstanceId'),
    getCurrentActivityId: () => host.property('currentActivityId'),
    getCurrentActivityName: () => host.property('currentActivityName'),
    getTenantId: () => host.property('tenantId'),
  };
}

function nameOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'name' in error ? `${String(error.name)}: ` : '';
}

function messageOf(error: unknown): string {
  // An error from the script's own context is no instance of this realm's Error.
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return String(error);
}
