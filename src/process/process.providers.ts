import type { Type } from '@nestjs/common';
import { AwaitedLookService } from './awaited-look.service.js';
import { EndWatcherService } from './end-watcher.service.js';
import { InstanceOwner } from './instance-owner.js';
import { OwnInstances } from './own-instances.service.js';
import { ProcessCancelService } from './process-cancel.service.js';
import { ProcessCompletionService } from './process-completion.service.js';
import { ProcessDurationService } from './process-duration.service.js';
import { ProcessEnder } from './process-ender.service.js';
import { ProcessEventsService } from './process-events.service.js';
import { ProcessExpiryService } from './process-expiry.service.js';
import { ProcessOutcomeListener } from './process-outcome.listener.js';
import { ProcessStartService } from './process-start.service.js';
import { ProcessStatusService } from './process-status.service.js';
import { ProcessSweepService } from './process-sweep.service.js';
import { ProcessTrail } from './process-trail.service.js';
import { ProcessViewPresenter } from './process-view.presenter.js';
import { StartAttemptService } from './start-attempt.service.js';
import { StartBacklog } from './start-backlog.service.js';
import { StartLauncherService } from './start-launcher.service.js';
import { StartResolverService } from './start-resolver.service.js';
import { SurplusInstances } from './surplus-instances.service.js';

/** The services of a process's life; the tests make them over another engine. */
export const PROCESS_PROVIDERS: readonly Type[] = [
  ProcessStartService,
  StartLauncherService,
  StartAttemptService,
  StartResolverService,
  StartBacklog,
  InstanceOwner,
  OwnInstances,
  SurplusInstances,
  ProcessEnder,
  ProcessCancelService,
  ProcessTrail,
  AwaitedLookService,
  EndWatcherService,
  ProcessSweepService,
  ProcessExpiryService,
  ProcessStatusService,
  ProcessCompletionService,
  ProcessDurationService,
  ProcessEventsService,
  ProcessViewPresenter,
  ProcessOutcomeListener,
];
