import { Module } from '@nestjs/common';
import { CamundaEngineModule } from '../camunda-engine/index.js';
import { EventLogModule } from '../event-log/index.js';
import { ProcessStoreModule } from '../process-store/index.js';
import { WaitroomModule } from '../waitroom/index.js';
import { ProcessCompletionService } from './process-completion.service.js';
import { ProcessController } from './process.controller.js';
import { ProcessOutcomeListener } from './process-outcome.listener.js';
import { ProcessStartService } from './process-start.service.js';
import { ProcessStatusService } from './process-status.service.js';
import { ProcessViewPresenter } from './process-view.presenter.js';
import { StartLauncherService } from './start-launcher.service.js';
import { StrandedProcessesService } from './stranded-processes.service.js';

/** The REST surface and the life of a process. */
@Module({
  imports: [ProcessStoreModule, EventLogModule, WaitroomModule, CamundaEngineModule],
  controllers: [ProcessController],
  providers: [
    ProcessStartService,
    StartLauncherService,
    ProcessStatusService,
    ProcessCompletionService,
    ProcessViewPresenter,
    StrandedProcessesService,
    ProcessOutcomeListener,
  ],
  exports: [ProcessCompletionService, ProcessOutcomeListener],
})
export class ProcessModule {}
