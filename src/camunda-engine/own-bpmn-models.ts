import { readFile } from 'node:fs/promises';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { type BpmnModel, readBpmnModel } from '../common/bpmn-model/index.js';
import { PROCESS_DEFINITIONS, type ProcessDefinition } from '../common/process-definition/index.js';

/** The BPMN models of our own definitions, read at boot. */
@Injectable()
export class OwnBpmnModels implements OnModuleInit {
  private readonly read = new Map<string, BpmnModel>();

  constructor(@Inject(PROCESS_DEFINITIONS) private readonly definitions: readonly ProcessDefinition[]) {}

  /** The keys of our definitions. */
  get keys(): readonly string[] {
    return this.definitions.map(({ key }) => key);
  }

  /** Reads the files. Skips a file that is not valid BPMN: the engine reports its faults at the deployment. */
  async onModuleInit(): Promise<void> {
    for (const { key, bpmn } of this.definitions) {
      const model = await readBpmnModel(await readFile(bpmn, 'utf8'));
      if (model !== null) this.read.set(key, model);
    }
  }

  /** The model of one of our definitions; null for any other key, and for a file that is not valid BPMN. */
  of(processKey: string): BpmnModel | null {
    return this.read.get(processKey) ?? null;
  }
}
