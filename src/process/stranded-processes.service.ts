import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { CAMUNDA_CONFIG, type CamundaConfig } from '../config/index.js';
import { ProcessStoreService } from '../process-store/index.js';

/**
 * At boot ends the `pending` rows of an earlier run with `ENDED_WITHOUT_RESULT`: the embedded engine keeps its
 * instances in memory, so nobody is left who could finish them.
 */
@Injectable()
export class StrandedProcessesService implements OnModuleInit {
  private readonly logger = new Logger(StrandedProcessesService.name);

  constructor(
    private readonly store: ProcessStoreService,
    @Inject(CAMUNDA_CONFIG) private readonly camunda: CamundaConfig,
  ) {}

  async onModuleInit(): Promise<void> {
    if (this.camunda.baseUrl !== null) return;
    const count = await this.store.endStranded(
      'The service was stopped while this process ran, and its embedded engine forgot it. Start it again with another id.',
    );
    if (count > 0) {
      this.logger.warn({
        msg: 'Processes of an earlier run were ended with ENDED_WITHOUT_RESULT, because the embedded engine keeps its instances in memory.',
        count,
      });
    }
  }
}
