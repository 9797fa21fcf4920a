import type { Type } from '@nestjs/common';
import type { ProcessDefinition } from '../common/process-definition/index.js';
import { OnboardUserModule, onboardUserProcess } from './onboard-user/index.js';

/** A process of the service: its definition, and the module with its handlers. */
export interface ServiceProcess {
  readonly definition: ProcessDefinition;
  readonly module: Type;
}

/** The processes of this service. Add yours here. */
export const PROCESSES: readonly ServiceProcess[] = [
  { definition: onboardUserProcess, module: OnboardUserModule },
];

/** Folder of the processes of this service, one subfolder each. */
export const PROCESSES_FOLDER = new URL('./', import.meta.url);
