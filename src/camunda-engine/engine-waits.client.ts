import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { EngineConnection, nullIfNotFound, PAGE_SIZE } from './engine.connection.js';
import {
  type Incident,
  incidentSchema,
  type ProcessInstance,
  processInstanceSchema,
} from './engine.schemas.js';

const waitingTaskSchema = z.object({
  id: z.string().min(1),
  name: z.string().nullish(),
  assignee: z.string().nullish(),
  /** Times as the engine writes them. */
  created: z.string().nullish(),
  due: z.string().nullish(),
  formKey: z.string().nullish(),
  taskDefinitionKey: z.string().nullish(),
});

const messageSubscriptionSchema = z.object({
  id: z.string().min(1),
  eventName: z.string().nullish(),
  activityId: z.string().nullish(),
  createdDate: z.string().nullish(),
});

const timerJobSchema = z.object({
  id: z.string().min(1),
  jobDefinitionId: z.string().nullish(),
  processDefinitionId: z.string().nullish(),
  dueDate: z.string().nullish(),
  /** Absent on old engines. */
  createTime: z.string().nullish(),
});

const openExternalTaskSchema = z.object({
  id: z.string().min(1),
  activityId: z.string().nullish(),
  topicName: z.string().nullish(),
  retries: z.number().nullish(),
  processDefinitionId: z.string().nullish(),
  /** Absent before 7.21. */
  createTime: z.string().nullish(),
});

/** A running activity with those inside it; the root is the instance itself. */
export interface ActivityTree {
  readonly id: string;
  /** `userTask`, `intermediateTimer`, `callActivity`, … */
  readonly activityType: string;
  readonly childActivityInstances: readonly ActivityTree[];
  /** Activities that the engine itself is about to begin or to leave. */
  readonly childTransitionInstances: readonly unknown[];
}

const activityTreeSchema: z.ZodType<ActivityTree> = z.lazy(() =>
  z.object({
    id: z.string(),
    activityType: z.string(),
    childActivityInstances: z.array(activityTreeSchema),
    childTransitionInstances: z.array(z.unknown()),
  }),
);

const jobDefinitionSchema = z.object({ activityId: z.string().nullish() });

export type WaitingTask = z.output<typeof waitingTaskSchema>;
type MessageSubscription = z.output<typeof messageSubscriptionSchema>;
export type TimerJob = z.output<typeof timerJobSchema>;
type OpenExternalTask = z.output<typeof openExternalTaskSchema>;

/**
 * What running process instances wait for, over the Camunda 7 REST API; each list is limited.
 *
 * Every operation throws an `EngineCallError`, as {@link EngineConnection} describes.
 */
@Injectable()
export class EngineWaitsClient {
  constructor(private readonly connection: EngineConnection) {}

  /**
   * Those of at most 500 instances that run.
   *
   * @param activityIds only instances that are at one of these elements
   */
  findRunning(ids: readonly string[], activityIds?: readonly string[]): Promise<ProcessInstance[]> {
    return this.connection.read(
      {
        method: 'POST',
        path: '/process-instance',
        query: { maxResults: PAGE_SIZE },
        json: {
          processInstanceIds: ids,
          ...(activityIds === undefined ? {} : { activityIdIn: activityIds }),
        },
      },
      z.array(processInstanceSchema),
    );
  }

  /** The running activities of an instance, read in one transaction; null if the instance does not run. */
  getActivityTree(processInstanceId: string): Promise<ActivityTree | null> {
    return nullIfNotFound(
      this.connection.read(
        {
          method: 'GET',
          path: `/process-instance/${encodeURIComponent(processInstanceId)}/activity-instances`,
        },
        activityTreeSchema,
      ),
    );
  }

  /** Running instances that an instance has called directly. */
  findCalledInstances(callerId: string, maxResults: number): Promise<ProcessInstance[]> {
    return this.connection.read(
      { method: 'GET', path: '/process-instance', query: { superProcessInstance: callerId, maxResults } },
      z.array(processInstanceSchema),
    );
  }

  /** Open user tasks of instances, oldest first. */
  findUserTasks(instanceIds: readonly string[], maxResults: number): Promise<WaitingTask[]> {
    return this.connection.read(
      {
        method: 'POST',
        path: '/task',
        query: { maxResults },
        json: {
          processInstanceIdIn: instanceIds,
          sorting: [{ sortBy: 'created', sortOrder: 'asc' }],
        },
      },
      z.array(waitingTaskSchema),
    );
  }

  /** Messages that one instance waits for, oldest first; the engine has no filter for several instances. */
  findMessageSubscriptions(processInstanceId: string, maxResults: number): Promise<MessageSubscription[]> {
    return this.connection.read(
      {
        method: 'GET',
        path: '/event-subscription',
        query: { processInstanceId, eventType: 'message', sortBy: 'created', sortOrder: 'asc', maxResults },
      },
      z.array(messageSubscriptionSchema),
    );
  }

  /** Timers of instances, in the order of their due dates. */
  findTimers(instanceIds: readonly string[], maxResults: number): Promise<TimerJob[]> {
    return this.connection.read(
      {
        method: 'GET',
        path: '/job',
        query: {
          processInstanceIds: instanceIds.join(','),
          timers: true,
          sortBy: 'jobDueDate',
          sortOrder: 'asc',
          maxResults,
        },
      },
      z.array(timerJobSchema),
    );
  }

  /** Open external tasks of instances. */
  findExternalTasks(instanceIds: readonly string[], maxResults: number): Promise<OpenExternalTask[]> {
    return this.connection.read(
      {
        method: 'POST',
        path: '/external-task',
        query: { maxResults },
        json: { processInstanceIdIn: instanceIds },
      },
      z.array(openExternalTaskSchema),
    );
  }

  /** Open incidents of one instance, oldest first; an incident of a called instance is one of its caller too. */
  findIncidentsOf(processInstanceId: string, maxResults: number): Promise<Incident[]> {
    return this.connection.read(
      {
        method: 'GET',
        path: '/incident',
        query: { processInstanceId, sortBy: 'incidentTimestamp', sortOrder: 'asc', maxResults },
      },
      z.array(incidentSchema),
    );
  }

  /** The element whose jobs a job definition describes; null if the engine has no such resource. */
  async findActivityOfJobs(jobDefinitionId: string): Promise<string | null> {
    const definition = await nullIfNotFound(
      this.connection.read(
        { method: 'GET', path: `/job-definition/${encodeURIComponent(jobDefinitionId)}` },
        jobDefinitionSchema,
      ),
    );
    return definition?.activityId ?? null;
  }
}
