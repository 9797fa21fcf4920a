/** Numbers for new large texts; one sequence per file. */
export interface TextNumbers {
  next(): number;
}

/**
 * The large texts of one instance. Each is written once, however often the instance is written, and removed when
 * nothing refers to it any more.
 */
export class LargeTexts {
  private readonly ids = new Map<string, number>();
  private readonly texts = new Map<number, string>();
  /**
   * Numbers of the referenced texts, by the part that refers to them: the snapshot, the state, or a history record by
   * its id.
   */
  private readonly references = new Map<string, readonly number[]>();
  /** Texts that are not written yet. */
  private readonly unwritten = new Map<number, string>();

  constructor(private readonly numbers: TextNumbers) {}

  keep(text: string): number {
    const known = this.ids.get(text);
    if (known !== undefined) return known;
    const id = this.numbers.next();
    this.unwritten.set(id, text);
    this.add(id, text);
    return id;
  }

  /** Adds a text that is in the file already. */
  add(id: number, text: string): void {
    this.ids.set(text, id);
    this.texts.set(id, text);
  }

  read(id: number): string | undefined {
    return this.texts.get(id);
  }

  /** Replaces the references of a part of the instance. */
  setReferences(part: string, texts: readonly number[]): void {
    if (texts.length > 0) this.references.set(part, texts);
    else this.references.delete(part);
  }

  /** Writes new texts and removes unreferenced ones. */
  flush(file: { insert(id: number, text: string): void; remove(id: number): void }): void {
    const needed = new Set([...this.references.values()].flat());
    for (const [id, text] of this.texts) {
      if (needed.has(id)) continue;
      if (!this.unwritten.delete(id)) file.remove(id);
      this.texts.delete(id);
      this.ids.delete(text);
    }
    for (const [id, text] of this.unwritten) file.insert(id, text);
    this.unwritten.clear();
  }
}
