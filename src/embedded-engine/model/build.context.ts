import type { ModdleElement, ModdleWarning } from 'bpmn-moddle';
import { compileExpression, ExpressionSyntaxError, type CompiledExpression } from '../el/index.js';
import type { ProblemCollector } from './problem.collector.js';

/** Shared by the builders of one resource: its problems, and its unresolved references. */
export class BuildContext {
  private readonly dangling = new Map<ModdleElement, Map<string, string>>();

  constructor(
    readonly problems: ProblemCollector,
    warnings: readonly ModdleWarning[],
    /** Whether scripts are allowed. */
    readonly scripts: boolean,
  ) {
    for (const { element, property, value } of warnings) {
      if (element === undefined || property === undefined) continue;
      const ofElement = this.dangling.get(element) ?? new Map<string, string>();
      this.dangling.set(element, ofElement.set(property, value ?? ''));
    }
  }

  /** The id of an unresolved reference; null if it resolves or is absent. */
  danglingReference(element: ModdleElement, property: string): string | null {
    return this.dangling.get(element)?.get(property) ?? null;
  }

  /** Compiles an expression; reports an error as a problem of the element. */
  expression(text: string, elementId: string): CompiledExpression | null {
    try {
      return compileExpression(text);
    } catch (error) {
      if (!(error instanceof ExpressionSyntaxError)) throw error;
      this.problems.error(error.message, elementId);
      return null;
    }
  }

  /** Like {@link expression}, for an optional text. */
  optionalExpression(text: string | null, elementId: string): CompiledExpression | null {
    return text === null ? null : this.expression(text, elementId);
  }

  error(message: string, elementId: string | null): void {
    this.problems.error(message, elementId);
  }

  warning(message: string, elementId: string | null): void {
    this.problems.warning(message, elementId);
  }

  /** Reports something that the embedded engine does not support. */
  refuse(what: string, elementId: string | null): void {
    this.problems.error(`${what} is not supported by the embedded engine`, elementId);
  }
}
