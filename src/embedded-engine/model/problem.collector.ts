import type { ModelProblem } from './process-model.js';

/** A position in a text, both numbers from 1; 0 if unknown. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Maximum number of problems that one resource reports; a broken file can have one per element. */
const MAX_PROBLEMS = 100;

/** Collects the problems of one resource, so that a modeller sees all of them at once. */
export class ProblemCollector {
  private readonly errorList: ModelProblem[] = [];
  private readonly warningList: ModelProblem[] = [];
  private readonly places = new Map<string, Place>();
  private overflow = 0;

  constructor(private readonly xml: string) {}

  get hasErrors(): boolean {
    return this.errorList.length > 0;
  }

  get errors(): readonly ModelProblem[] {
    if (this.overflow === 0) return this.errorList;
    return [...this.errorList, problem(`and ${this.overflow} more problems`, null, { line: 0, column: 0 })];
  }

  get warnings(): readonly ModelProblem[] {
    return this.warningList;
  }

  /** @param elementId null for a problem that belongs to no single element */
  error(message: string, elementId: string | null, place?: Place): void {
    if (this.errorList.length >= MAX_PROBLEMS) this.overflow += 1;
    else this.errorList.push(problem(message, elementId, place ?? this.placeOf(elementId)));
  }

  warning(message: string, elementId: string | null): void {
    if (this.warningList.length < MAX_PROBLEMS) {
      this.warningList.push(problem(message, elementId, this.placeOf(elementId)));
    }
  }

  private placeOf(elementId: string | null): Place {
    if (elementId === null) return { line: 0, column: 0 };
    if (this.places.size === 0) this.indexPlaces();
    return this.places.get(elementId) ?? { line: 0, column: 0 };
  }

  /** Finds the position of the tag with each id, in one pass over the text, on the first problem. */
  private indexPlaces(): void {
    const tagWithId = /<[^\s<>/!?]+(?:\s[^<>]*?)?\sid\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g;
    let line = 1;
    let lineStart = 0;
    for (const match of this.xml.matchAll(tagWithId)) {
      for (
        let at = this.xml.indexOf('\n', lineStart);
        at !== -1 && at < match.index;
        at = this.xml.indexOf('\n', lineStart)
      ) {
        line += 1;
        lineStart = at + 1;
      }
      const id = match[1] ?? match[2] ?? '';
      if (!this.places.has(id)) this.places.set(id, { line, column: match.index - lineStart + 1 });
    }
  }
}

function problem(message: string, elementId: string | null, place: Place): ModelProblem {
  return Object.freeze({
    message,
    line: place.line,
    column: place.column,
    mainElementId: elementId,
    elementIds: elementId === null ? [] : [elementId],
  });
}
