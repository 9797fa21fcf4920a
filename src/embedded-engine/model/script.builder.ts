import { compileJavaScript, type CompiledScript, ScriptError } from '../scripting/index.js';
import type { BuildContext } from './build.context.js';

/** The script of an element. */
interface ScriptSource {
  readonly format: string | null;
  readonly source: string | null;
  /** `camunda:resource`: a script outside the file. */
  readonly resource: string | null;
}

/**
 * Parses a script; null if it is rejected, which is then reported.
 *
 * @param where the name of the element in a problem
 */
export function buildScript(
  { format, source, resource }: ScriptSource,
  where: string,
  id: string,
  context: BuildContext,
): CompiledScript | null {
  if (source === null && resource === null) {
    context.error(`Unable to process ScriptTask: No script source or resource was given (${where})`, id);
    return null;
  }
  if (!context.scripts) {
    context.error(
      `The script of ${where} is refused: scripts are off, because they run with all rights of the engine; EMBEDDED_ENGINE_SCRIPTS=on or --scripts allows them`,
      id,
    );
    return null;
  }
  if (resource !== null || source === null || !/^(javascript|ecmascript)$/i.test(format ?? '')) {
    const what =
      resource === null ? `The script format '${String(format)}'` : `The script resource '${resource}'`;
    context.refuse(`${what} of ${where}`, id);
    return null;
  }
  try {
    return compileJavaScript(source, id);
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    context.error(`The script of ${where} cannot be compiled: ${error.message}`, id);
    return null;
  }
}
