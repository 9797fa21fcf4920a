import { type DynamicModule, Module, type ModuleMetadata, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { CamundaEngineModule } from '../camunda-engine/index.js';
import { HttpClientModule } from '../common/http/index.js';
import { CamundaWorkerService } from './camunda-worker.service.js';
import { PoisonTaskGuard } from './poison-tasks/poison-task.guard.js';
import { OutcomeReporter } from './outcome/outcome.reporter.js';
import { DueRetryPoller } from './outcome/due-retry.poller.js';
import { TopicExplorer } from './topics/topic.explorer.js';
import { TopicRunner } from './execution/topic.runner.js';

/** The ports of the workers, bound by the application. */
export interface CamundaWorkerModuleOptions {
  /** Modules whose exports the bindings need. */
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  /**
   * Binds `TaskEventLog`, and if the application has them `TaskOutcomeListener`, `TaskBackpressure` and `CrashLedger`.
   */
  readonly bindings: readonly Provider[];
}

/** Runs the handlers of all classes with `@Topic` in the application. */
@Module({})
export class CamundaWorkerModule {
  static forRoot({ imports = [], bindings }: CamundaWorkerModuleOptions): DynamicModule {
    return {
      module: CamundaWorkerModule,
      // One set of workers for the application; the health module reads their state.
      global: true,
      imports: [DiscoveryModule, CamundaEngineModule, HttpClientModule, ...imports],
      providers: [
        ...bindings,
        PoisonTaskGuard,
        DueRetryPoller,
        OutcomeReporter,
        TopicExplorer,
        TopicRunner,
        CamundaWorkerService,
      ],
      exports: [CamundaWorkerService],
    };
  }
}
