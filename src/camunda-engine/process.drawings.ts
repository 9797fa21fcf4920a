import { readFile } from 'node:fs/promises';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { type Drawing, readDrawing } from '../common/bpmn-drawing/index.js';
import { PROCESS_DEFINITIONS, type ProcessDefinition } from '../common/process-definition/index.js';

/** The drawings of our own definitions, read at boot. */
@Injectable()
export class ProcessDrawings implements OnModuleInit {
  private readonly read = new Map<string, Drawing>();

  constructor(@Inject(PROCESS_DEFINITIONS) private readonly definitions: readonly ProcessDefinition[]) {}

  /** The keys of our definitions. */
  get keys(): readonly string[] {
    return this.definitions.map(({ key }) => key);
  }

  /** Reads the files; one that is no BPMN is left out, because the engine says what is wrong in it. */
  async onModuleInit(): Promise<void> {
    for (const { key, bpmn } of this.definitions) {
      const drawing = await readDrawing(await readFile(bpmn, 'utf8'));
      if (drawing !== null) this.read.set(key, drawing);
    }
  }

  /** The drawing of one of our definitions; null for any other, and for a file that cannot be read. */
  of(processKey: string): Drawing | null {
    return this.read.get(processKey) ?? null;
  }
}
