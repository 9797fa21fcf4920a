import type { Type } from '@nestjs/common';
import { AwaitedLookService } from './end/awaited-look.service.js';
import { EndWords } from './end/end-words.service.js';
import { EndWatcherService } from './end/end-watcher.service.js';
import { InstanceOwner } from './instances/instance-owner.js';
import { OwnInstances } from './instances/own-instances.service.js';
import { ProcessCancelService } from './end/process-cancel.service.js';
import { ProcessCompletionService } from './end/process-completion.service.js';
import { ProcessDurationService } from './answer/process-duration.service.js';
import { ProcessEnder } from './end/process-ender.service.js';
import { ProcessEventsService } from './http/process-events.service.js';
import { ProcessExpiryService } from './end/process-expiry.service.js';
import { ProcessOutcomeListener } from './end/process-outcome.listener.js';
import { ProcessStartService } from './start/process-start.service.js';
import { ProcessStatusService } from './http/process-status.service.js';
import { ProcessSweepService } from './end/process-sweep.service.js';
import { ProcessTrail } from './process-trail.service.js';
import { ProcessViewPresenter } from './answer/process-view.presenter.js';
import { RequestShares } from './http/request-shares.service.js';
import { StartAttemptService } from './start/start-attempt.service.js';
import { StartBacklog } from './start/start-backlog.service.js';
import { StartLauncherService } from './start/start-launcher.service.js';
import { StartResolverService } from './start/start-resolver.service.js';
import { SurplusInstances } from './instances/surplus-instances.service.js';

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
  EndWords,
  ProcessSweepService,
  ProcessExpiryService,
  ProcessStatusService,
  ProcessCompletionService,
  ProcessDurationService,
  ProcessEventsService,
  RequestShares,
  ProcessViewPresenter,
  ProcessOutcomeListener,
];
