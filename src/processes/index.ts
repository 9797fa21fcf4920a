import type { Type } from '@nestjs/common';
import type { ProcessDefinition } from '../common/process-definition/index.js';
import { OnboardUserModule, onboardUserProcess } from './onboard-user/index.js';

/** One process of the service: what is deployed, and the module that works on it. */
export interface ServiceProcess {
  readonly definition: ProcessDefinition;
  readonly module: Type;
}

/** The processes of this service. Add yours here. */
export const PROCESSES: readonly ServiceProcess[] = [
  { definition: onboardUserProcess, module: OnboardUserModule },
];

/** Where the processes of this service lie, one folder each. */
export const PROCESSES_FOLDER = new URL('./', import.meta.url);
