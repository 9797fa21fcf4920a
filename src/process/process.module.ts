import { Module } from '@nestjs/common';
import { CamundaEngineModule } from '../camunda-engine/index.js';
import { EventLogModule } from '../event-log/index.js';
import { ProcessMessageModule } from '../process-message/index.js';
import { ProcessStoreModule } from '../process-store/index.js';
import { WaitroomModule } from '../waitroom/index.js';
import { WakeUpsModule } from '../wake-ups/index.js';
import { WorkLeaseModule } from '../work-lease/index.js';
import { ProcessCompletionService } from './commands/process-completion.service.js';
import { ProcessDefinitionsController } from './http/process-definitions.controller.js';
import { ProcessEventsController } from './http/process-events.controller.js';
import { ProcessMessagesController } from './http/process-messages.controller.js';
import { ProcessTasksController } from './http/process-tasks.controller.js';
import { ProcessController } from './http/process.controller.js';
import { StartBacklogService } from './launch/start-backlog.service.js';
import { ProcessOutcomeListener } from './reconcile/process-outcome.listener.js';
import { PROCESS_PROVIDERS } from './process.providers.js';

/** Processes: their REST routes, their commands, and their reconciliation with the engine. */
@Module({
  imports: [
    ProcessStoreModule,
    ProcessMessageModule,
    EventLogModule,
    WaitroomModule,
    WakeUpsModule,
    CamundaEngineModule,
    WorkLeaseModule,
  ],
  controllers: [
    ProcessTasksController,
    ProcessDefinitionsController,
    ProcessMessagesController,
    ProcessController,
    ProcessEventsController,
  ],
  providers: [...PROCESS_PROVIDERS],
  exports: [ProcessCompletionService, ProcessOutcomeListener, StartBacklogService],
})
export class ProcessModule {}
