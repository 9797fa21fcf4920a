import type { ModelProblem } from './process-model.js';

/** A place in a text, both 1-based; 0 where it is not known. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Problems that one resource reports at most; a broken file can have one per element. */
const MAX_PROBLEMS = 100;

/** Gathers the problems of one resource, so that a modeller sees all of them at once. */
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

  /** @param elementId null for what is no fault of one element */
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

  /** One pass over the text, made only when there is something to report: where the tag with each id begins. */
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
