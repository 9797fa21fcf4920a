import { Injectable } from '@nestjs/common';
import {
  EngineBpmnModelsService,
  EngineInstancesClient,
  EngineWaitsClient,
  type ProcessInstance,
  type TimerJob,
} from '../../camunda-engine/index.js';
import type { BpmnModel } from '../../common/bpmn-model/index.js';
import { type InstanceWaits, MAX_WAITS, type WaitingFor } from './waiting-for.js';

/** Instances of one process that are looked at: the instance itself and those that it calls, at any depth. */
const MAX_INSTANCES = 10;

/** Job definitions whose element is remembered. */
const REMEMBERED_JOB_DEFINITIONS = 1_000;

/** Elements at which an instance may wait for a message. */
const MESSAGE_TAGS: ReadonlySet<string> = new Set(['receiveTask', 'intermediateCatchEvent', 'boundaryEvent']);

/** An instance and its model. */
interface Looked {
  readonly instance: ProcessInstance;
  /** Null if the model cannot be read: then everything is asked, and nothing has a name. */
  readonly model: BpmnModel | null;
}

/** Reads what an instance and the instances that it calls wait for, in a limited number of calls to the engine. */
@Injectable()
export class EngineWaitsReader {
  /** Elements by job definition; null: unknown. */
  private readonly elementsOfJobs = new Map<string, string | null>();

  constructor(
    private readonly instances: EngineInstancesClient,
    private readonly waits: EngineWaitsClient,
    private readonly models: EngineBpmnModelsService,
  ) {}

  /**
   * Makes 3 to 6 calls for an instance that calls no other, and at most 25 with called instances, however many tasks there
   * are. The model of a definition, and the element of a job definition, are read once.
   *
   * @returns null if the instance does not run
   * @throws EngineCallError
   */
  async read(processInstanceId: string): Promise<InstanceWaits | null> {
    const instance = await this.instances.getProcessInstance(processInstanceId);
    if (instance === null) return null;
    const root: Looked = { instance, model: await this.models.of(instance.definitionId) };
    const { looked, isComplete } = await this.withCalled(root);
    const ids = looked.map(({ instance: { id } }) => id);
    const [incidents, tasks, messages, timers, externalTasks] = await Promise.all([
      this.incidents(root),
      this.userTasks(looked, ids),
      Promise.all(looked.map((each) => this.messages(each))).then((lists) => lists.flat()),
      this.timers(looked, ids),
      this.externalTasks(looked, ids),
    ]);
    const dues = timers.flatMap(({ due }) => (due === null ? [] : [Date.parse(due)]));
    return {
      entries: [...incidents, ...tasks, ...messages, ...timers, ...externalTasks].slice(0, MAX_WAITS),
      instanceIds: ids,
      isComplete,
      hasWork: incidents.length + externalTasks.length > 0 || dues.length < timers.length,
      firstDueAt: dues.length === 0 ? null : Math.min(...dues),
    };
  }

  /** The instance and those that it calls, level by level. */
  private async withCalled(
    root: Looked,
  ): Promise<{ readonly looked: readonly Looked[]; readonly isComplete: boolean }> {
    const looked = [root];
    for (const { instance, model } of looked) {
      if (!hasTag(model, CALL_TAGS)) continue;
      const room = MAX_INSTANCES - looked.length;
      const called = await this.waits.findCalledInstances(instance.id, room + 1);
      for (const each of called.slice(0, room)) {
        looked.push({ instance: each, model: await this.models.of(each.definitionId) });
      }
      if (called.length > room) return { looked, isComplete: false };
    }
    return { looked, isComplete: true };
  }

  private async incidents({ instance, model }: Looked): Promise<readonly WaitingFor[]> {
    const incidents = await this.waits.findIncidentsOf(instance.id, MAX_WAITS);
    return incidents.map(({ id, activityId = null, incidentTimestamp, incidentType, incidentMessage }) => ({
      kind: 'incident',
      id,
      name: nameOf(model, activityId),
      activityId,
      since: isoTime(incidentTimestamp),
      incidentType,
      message: incidentMessage ?? null,
    }));
  }

  private async userTasks(looked: readonly Looked[], ids: readonly string[]): Promise<readonly WaitingFor[]> {
    if (!looked.some(({ model }) => hasTag(model, USER_TASK_TAGS))) return [];
    const tasks = await this.waits.findUserTasks(ids, MAX_WAITS);
    return tasks.map(({ id, name, taskDefinitionKey, created, assignee, due, formKey }) => ({
      kind: 'userTask',
      id,
      name: name ?? null,
      activityId: taskDefinitionKey ?? null,
      since: isoTime(created),
      assignee: assignee ?? null,
      due: isoTime(due),
      formKey: formKey ?? null,
    }));
  }

  private async messages({ instance, model }: Looked): Promise<readonly WaitingFor[]> {
    if (!mayAwaitMessages(model)) return [];
    const subscriptions = await this.waits.findMessageSubscriptions(instance.id, MAX_WAITS);
    return subscriptions.map(({ id, eventName, activityId = null, createdDate }) => ({
      kind: 'message',
      id,
      name: nameOf(model, activityId),
      activityId,
      since: isoTime(createdDate),
      messageName: eventName ?? null,
    }));
  }

  private async timers(
    looked: readonly Looked[],
    ids: readonly string[],
  ): Promise<readonly (WaitingFor & { readonly kind: 'timer' })[]> {
    if (!looked.some(({ model }) => model?.elements.some(({ hasTimer }) => hasTimer) ?? true)) return [];
    const jobs = await this.waits.findTimers(ids, MAX_WAITS);
    return Promise.all(
      jobs.map(async (job) => {
        const model = modelOf(looked, job.processDefinitionId);
        const activityId = await this.elementOf(job, model);
        return {
          kind: 'timer' as const,
          id: job.id,
          name: nameOf(model, activityId),
          activityId,
          since: isoTime(job.createTime),
          due: isoTime(job.dueDate),
        };
      }),
    );
  }

  private async externalTasks(
    looked: readonly Looked[],
    ids: readonly string[],
  ): Promise<readonly WaitingFor[]> {
    const tasks = await this.waits.findExternalTasks(ids, MAX_WAITS);
    return tasks.map(({ id, activityId = null, createTime, topicName, retries, processDefinitionId }) => ({
      kind: 'externalTask',
      id,
      name: nameOf(modelOf(looked, processDefinitionId), activityId),
      activityId,
      since: isoTime(createTime),
      topicName: topicName ?? null,
      retries: retries ?? null,
    }));
  }

  /** The element of a timer. Camunda's jobs do not name it, but their job definitions, which never change, do. */
  private async elementOf(
    { jobDefinitionId, processDefinitionId }: TimerJob,
    model: BpmnModel | null,
  ): Promise<string | null> {
    const elements = (model?.elements ?? []).filter(({ hasTimer }) => hasTimer).map(({ id }) => id);
    const [only] = elements;
    if (elements.length === 1 && only !== undefined) return only;
    if (jobDefinitionId == null) return null;
    // The embedded engine has no such resource; its ids name the element.
    const named = elements.find((id) => jobDefinitionId === `${id}:${processDefinitionId ?? ''}`);
    if (named !== undefined) return named;
    const known = this.elementsOfJobs.get(jobDefinitionId);
    if (known !== undefined) return known;
    const read = await this.waits.findActivityOfJobs(jobDefinitionId);
    this.elementsOfJobs.set(jobDefinitionId, read);
    for (const oldest of this.elementsOfJobs.keys()) {
      if (this.elementsOfJobs.size <= REMEMBERED_JOB_DEFINITIONS) break;
      this.elementsOfJobs.delete(oldest);
    }
    return read;
  }
}

const CALL_TAGS: ReadonlySet<string> = new Set(['callActivity']);
const USER_TASK_TAGS: ReadonlySet<string> = new Set(['userTask']);

/** True if the model has such an element, or is not known. */
function hasTag(model: BpmnModel | null, tags: ReadonlySet<string>): boolean {
  return model === null || model.elements.some(({ tag }) => tags.has(tag));
}

function mayAwaitMessages(model: BpmnModel | null): boolean {
  if (hasTag(model, MESSAGE_TAGS)) return true;
  return model?.elements.some(({ isTriggeredByEvent }) => isTriggeredByEvent) ?? true;
}

function modelOf(looked: readonly Looked[], definitionId: string | null | undefined): BpmnModel | null {
  return looked.find(({ instance }) => instance.definitionId === definitionId)?.model ?? null;
}

function nameOf(model: BpmnModel | null, activityId: string | null): string | null {
  return activityId === null ? null : (model?.element(activityId)?.name ?? null);
}

/** A time as the engine writes it, as ISO 8601; null if there is none. */
function isoTime(text: string | null | undefined): string | null {
  const time = new Date(text ?? NaN);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}
