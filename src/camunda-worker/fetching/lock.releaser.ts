import { Logger } from '@nestjs/common';
import type { EngineInstancesClient } from '../../camunda-engine/index.js';
import type { CamundaConfig } from '../../config/index.js';
import type { RegisteredTopic } from '../topics/registered-topic.js';
import { isStaleLock } from './stale-locks.js';

/** Unlocks tasks that no handler of this service works on; never rejects, because each lock expires anyway. */
export class LockReleaser {
  constructor(
    private readonly engineInstances: EngineInstancesClient,
    private readonly config: Pick<CamundaConfig, 'taskRetries' | 'lockDurationMs'>,
    private readonly logger: Logger,
  ) {}

  /** Unlocks the tasks whose handlers ran in an earlier process; otherwise they would wait until the locks expire. */
  async releaseStale(topics: ReadonlyMap<string, RegisteredTopic>): Promise<void> {
    try {
      const locked = await this.engineInstances.findLockedTasks();
      const stale = locked.filter((task) => {
        const topic = topics.get(task.topicName);
        if (topic === undefined) return false;
        const lockMs = topic.declaration.lockDurationMs ?? this.config.lockDurationMs;
        return isStaleLock(task, this.config.taskRetries, lockMs, Date.now());
      });
      await Promise.all(stale.map(({ id }) => this.unlock(id)));
      if (stale.length > 0) {
        this.logger.log({ msg: 'Tasks of an earlier run are free again.', tasks: stale.length });
      }
    } catch (error) {
      this.logger.warn({ msg: 'Tasks of an earlier run stay locked until their locks expire.', err: error });
    }
  }

  /**
   * Unlocks the tasks of a worker that has stopped polling: the answer to its last poll may have been lost.
   *
   * @param isInUse true for a task whose lock has to stay
   */
  async releaseWorker(workerId: string, isInUse: (taskId: string) => boolean): Promise<void> {
    try {
      const locked = await this.engineInstances.findLockedTasks(workerId);
      const unused = locked.filter(({ id }) => !isInUse(id));
      await Promise.all(unused.map(({ id }) => this.unlock(id)));
    } catch (error) {
      this.logger.warn({ msg: 'Locks of a stopping worker stay until they expire.', workerId, err: error });
    }
  }

  /** Unlocks one task. @param unlock makes the engine call */
  async unlock(
    taskId: string,
    unlock: () => Promise<void> = () => this.engineInstances.unlockTask(taskId),
  ): Promise<void> {
    try {
      await unlock();
    } catch (error) {
      this.logger.warn({ msg: 'A task stays locked until its lock expires.', taskId, err: error });
    }
  }
}
