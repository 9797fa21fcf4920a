import { type DynamicModule, Module, type ModuleMetadata, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { CamundaEngineModule } from '../camunda-engine/index.js';
import { HttpClientModule } from '../common/http/index.js';
import { CamundaWorkerService } from './camunda-worker.service.js';
import { DeliveryGuard } from './delivery.guard.js';
import { OutcomeDelivery } from './outcome.delivery.js';
import { RetryNudge } from './retry.nudge.js';
import { TopicExplorer } from './topic.explorer.js';
import { TopicRunner } from './topic.runner.js';

/** The ports of the workers, bound by the application. */
export interface CamundaWorkerModuleOptions {
  /** Modules whose exports the bindings need. */
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  /**
   * Binds `TaskEventLog`, `TaskOutcomeListener` where somebody listens, `TaskIntake` where something may run full, and
   * `DeliveryLedger` where deliveries that never report are counted.
   */
  readonly bindings: readonly Provider[];
}

/** Works on the topics of every class with `@Topic` in the application. */
@Module({})
export class CamundaWorkerModule {
  static forRoot({ imports = [], bindings }: CamundaWorkerModuleOptions): DynamicModule {
    return {
      module: CamundaWorkerModule,
      // Health looks at the workers too; there is one set of them.
      global: true,
      imports: [DiscoveryModule, CamundaEngineModule, HttpClientModule, ...imports],
      providers: [
        ...bindings,
        DeliveryGuard,
        RetryNudge,
        OutcomeDelivery,
        TopicExplorer,
        TopicRunner,
        CamundaWorkerService,
      ],
      exports: [CamundaWorkerService],
    };
  }
}
