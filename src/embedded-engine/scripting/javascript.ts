import { createContext, Script } from 'node:vm';
import type { CompiledScript, ScriptHost } from './script.types.js';

/** Time that a script may take, milliseconds: it holds up everything else in the process. */
const TIME_LIMIT_MS = 2_000;

/** A script that cannot be parsed, that threw, or that took too long. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
}

/**
 * Parses JavaScript. It is no sandbox: a script reaches whatever the process reaches.
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
          `Unable to evaluate script while executing activity '${name}' in the process definition with id '${String(host.fact('processDefinitionId'))}':${nameOf(error)}${messageOf(error)}`,
          {
            cause: error,
          },
        );
      }
    },
  };
}

/** What scripts call `execution`: Camunda's DelegateExecution, as far as it makes sense here. */
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
    getId: () => host.fact('id'),
    getProcessInstanceId: () => host.fact('processInstanceId'),
    getProcessDefinitionId: () => host.fact('processDefinitionId'),
    getProcessBusinessKey: () => host.fact('businessKey'),
    getBusinessKey: () => host.fact('businessKey'),
    getActivityInstanceId: () => host.fact('activityInstanceId'),
    getCurrentActivityId: () => host.fact('currentActivityId'),
    getCurrentActivityName: () => host.fact('currentActivityName'),
    getTenantId: () => host.fact('tenantId'),
  };
}

function nameOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'name' in error ? `${String(error.name)}: ` : '';
}

function messageOf(error: unknown): string {
  // An error of the script's own context is no instance of this one's Error.
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return String(error);
}
