import type { Type } from '@nestjs/common';
import { AccessibleProcessFinder } from './commands/accessible-process.finder.js';
import { MessageReceiverFinder } from './commands/message-receiver.finder.js';
import { MessageDeliveryService } from './commands/message-delivery.service.js';
import { MessageSender } from './commands/message.sender.js';
import { NextTaskService } from './commands/next-task.service.js';
import { ProcessTaskService } from './commands/process-task.service.js';
import { TaskCommandSender } from './commands/task-command.sender.js';
import { TaskListService } from './commands/task-list.service.js';
import { TaskProcessFinder } from './commands/task-process.finder.js';
import { ProcessDefinitionsService } from './http/process-definitions.service.js';
import { ProcessTaskPresenter } from './http/process-task.presenter.js';
import { ProcessCancelService } from './commands/process-cancel.service.js';
import { ProcessCompletionService } from './commands/process-completion.service.js';
import { ProcessMessageService } from './commands/process-message.service.js';
import { ProcessStartService } from './commands/process-start.service.js';
import { ClientLimitsService } from './http/client-limits.service.js';
import { ProcessDurationService } from './http/process-duration.service.js';
import { ProcessEventsService } from './http/process-events.service.js';
import { ProcessMessagePresenter } from './http/process-message.presenter.js';
import { ProcessStatusService } from './http/process-status.service.js';
import { ProcessViewPresenter } from './http/process-view.presenter.js';
import { LeaseOwner } from './launch/lease-owner.js';
import { MessageStartFinder } from './launch/message-start.finder.js';
import { SeenProcessKeysService } from './launch/seen-process-keys.service.js';
import { StartAttemptService } from './launch/start-attempt.service.js';
import { StartBacklogService } from './launch/start-backlog.service.js';
import { StartDefinitionService } from './launch/start-definition.service.js';
import { StartLauncherService } from './launch/start-launcher.service.js';
import { OutcomeWaitService } from './outcome/outcome-wait.service.js';
import { OutcomeWriter } from './outcome/outcome.writer.js';
import { ProcessOutcomeListener } from './reconcile/process-outcome.listener.js';
import { ProcessTrailService } from './outcome/process-trail.service.js';
import { SurplusInstanceRemover } from './outcome/surplus-instance.remover.js';
import { AwaitedEndWatcherService } from './reconcile/awaited-end-watcher.service.js';
import { EndDescriptionService } from './reconcile/end-description.service.js';
import { EndedInstanceService } from './reconcile/ended-instance.service.js';
import { HistoryWatcherService } from './reconcile/history-watcher.service.js';
import { InstanceFinderService } from './reconcile/instance-finder.service.js';
import { ProcessExpiryService } from './reconcile/process-expiry.service.js';
import { ProcessSweepService } from './reconcile/process-sweep.service.js';
import { ProcessTerminationService } from './reconcile/process-termination.service.js';
import { ReconcilerService } from './reconcile/reconciler.service.js';
import { WaiterRefreshService } from './reconcile/waiter-refresh.service.js';
import { EngineStepsService } from './result/engine-steps.service.js';
import { InstanceResultService } from './result/instance-result.service.js';
import { EarlyAnswerService } from './waiting/early-answer.service.js';
import { OutsideWaitsFinder } from './waiting/outside-waits.finder.js';
import { EngineWaitsReader } from './waiting/engine-waits.reader.js';
import { WaitingForService } from './waiting/waiting-for.service.js';

/** The services of processes, from the top layer to the bottom; tests create them with another engine. */
export const PROCESS_PROVIDERS: readonly Type[] = [
  // http/
  ProcessStatusService,
  ProcessEventsService,
  ProcessViewPresenter,
  ProcessTaskPresenter,
  ProcessMessagePresenter,
  ProcessDefinitionsService,
  ProcessDurationService,
  ClientLimitsService,
  // commands/
  AccessibleProcessFinder,
  ProcessStartService,
  ProcessCompletionService,
  ProcessCancelService,
  ProcessTaskService,
  ProcessMessageService,
  MessageDeliveryService,
  MessageSender,
  MessageReceiverFinder,
  TaskListService,
  NextTaskService,
  TaskCommandSender,
  TaskProcessFinder,
  // reconcile/
  ReconcilerService,
  HistoryWatcherService,
  AwaitedEndWatcherService,
  EndedInstanceService,
  ProcessSweepService,
  ProcessExpiryService,
  WaiterRefreshService,
  ProcessTerminationService,
  InstanceFinderService,
  EndDescriptionService,
  // launch/
  StartLauncherService,
  StartAttemptService,
  StartDefinitionService,
  StartBacklogService,
  MessageStartFinder,
  SeenProcessKeysService,
  LeaseOwner,
  // waiting/
  EarlyAnswerService,
  OutsideWaitsFinder,
  WaitingForService,
  EngineWaitsReader,
  // result/
  InstanceResultService,
  EngineStepsService,
  // outcome/
  OutcomeWriter,
  OutcomeWaitService,
  ProcessOutcomeListener,
  ProcessTrailService,
  SurplusInstanceRemover,
];
