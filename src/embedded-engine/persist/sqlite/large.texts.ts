/** Numbers for new large texts, one sequence for the whole file. */
export interface TextNumbers {
  next(): number;
}

/**
 * The large texts of one instance: each is written once, however often the instance is, and removed when nothing of
 * the instance needs it any more.
 */
export class LargeTexts {
  private readonly ids = new Map<string, number>();
  private readonly texts = new Map<number, string>();
  /** The texts that are needed, by who needs them: the snapshot, the state, or a record of history by its id. */
  private readonly references = new Map<string, readonly number[]>();
  /** Not written yet. */
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

  /** A text that is in the file already. */
  add(id: number, text: string): void {
    this.ids.set(text, id);
    this.texts.set(id, text);
  }

  read(id: number): string | undefined {
    return this.texts.get(id);
  }

  /** What a part of the instance needs from now on. */
  setReferences(part: string, texts: readonly number[]): void {
    if (texts.length > 0) this.references.set(part, texts);
    else this.references.delete(part);
  }

  /** Brings the file up to date. */
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
