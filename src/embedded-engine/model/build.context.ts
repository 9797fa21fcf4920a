import type { ModdleElement, ModdleWarning } from 'bpmn-moddle';
import { compileExpression, ExpressionSyntaxError, type CompiledExpression } from '../el/index.js';
import type { ProblemCollector } from './problem.collector.js';

/** What the builders of one resource share: its problems, and its references that lead nowhere. */
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

  /** The id that a reference names although no element has it; null where it resolves or is absent. */
  danglingReference(element: ModdleElement, property: string): string | null {
    return this.dangling.get(element)?.get(property) ?? null;
  }

  /** Compiles a text; a fault is a problem of the element. */
  expression(text: string, elementId: string): CompiledExpression | null {
    try {
      return compileExpression(text);
    } catch (error) {
      if (!(error instanceof ExpressionSyntaxError)) throw error;
      this.problems.error(error.message, elementId);
      return null;
    }
  }

  /** As {@link expression}, where the text may be absent. */
  optionalExpression(text: string | null, elementId: string): CompiledExpression | null {
    return text === null ? null : this.expression(text, elementId);
  }

  error(message: string, elementId: string | null): void {
    this.problems.error(message, elementId);
  }

  warning(message: string, elementId: string | null): void {
    this.problems.warning(message, elementId);
  }

  /** Reports what the embedded engine cannot execute truthfully. */
  refuse(what: string, elementId: string | null): void {
    this.problems.error(`${what} is not supported by the embedded engine`, elementId);
  }
}
