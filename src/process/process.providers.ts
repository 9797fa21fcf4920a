import type { Type } from '@nestjs/common';
import { WaiterRefreshService } from './reconcile/waiter-refresh.service.js';
import { EndDescriptionService } from './reconcile/end-description.service.js';
import { HistoryWatcherService } from './reconcile/history-watcher.service.js';
import { LeaseOwner } from './launch/lease-owner.js';
import { InstanceFinderService } from './reconcile/instance-finder.service.js';
import { ProcessCancelService } from './commands/process-cancel.service.js';
import { ProcessCompletionService } from './commands/process-completion.service.js';
import { ProcessDurationService } from './http/process-duration.service.js';
import { ProcessTerminationService } from './reconcile/process-termination.service.js';
import { ProcessEventsService } from './http/process-events.service.js';
import { ProcessExpiryService } from './reconcile/process-expiry.service.js';
import { ProcessOutcomeListener } from './outcome/process-outcome.listener.js';
import { ProcessStartService } from './commands/process-start.service.js';
import { ProcessStatusService } from './http/process-status.service.js';
import { ProcessSweepService } from './reconcile/process-sweep.service.js';
import { OutcomeWaitService } from './outcome/outcome-wait.service.js';
import { OutcomeWriter } from './outcome/outcome.writer.js';
import { ProcessTrailService } from './outcome/process-trail.service.js';
import { ProcessViewPresenter } from './http/process-view.presenter.js';
import { ClientLimitsService } from './http/client-limits.service.js';
import { StartAttemptService } from './launch/start-attempt.service.js';
import { StartBacklogService } from './launch/start-backlog.service.js';
import { SeenProcessKeysService } from './launch/seen-process-keys.service.js';
import { StartLauncherService } from './launch/start-launcher.service.js';
import { ReconcilerService } from './reconcile/reconciler.service.js';
import { SurplusInstanceRemover } from './outcome/surplus-instance.remover.js';

/** The services of a process's life; the tests make them over another engine. */
export const PROCESS_PROVIDERS: readonly Type[] = [
  ProcessStartService,
  StartLauncherService,
  StartAttemptService,
  ReconcilerService,
  StartBacklogService,
  LeaseOwner,
  InstanceFinderService,
  SurplusInstanceRemover,
  SeenProcessKeysService,
  OutcomeWriter,
  OutcomeWaitService,
  ProcessTerminationService,
  ProcessCancelService,
  ProcessTrailService,
  WaiterRefreshService,
  HistoryWatcherService,
  EndDescriptionService,
  ProcessSweepService,
  ProcessExpiryService,
  ProcessStatusService,
  ProcessCompletionService,
  ProcessDurationService,
  ProcessEventsService,
  ClientLimitsService,
  ProcessViewPresenter,
  ProcessOutcomeListener,
];
