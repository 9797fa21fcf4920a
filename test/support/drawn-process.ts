import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Module, type Type } from '@nestjs/common';
import { type HandlerTask, Topic, type TopicHandler } from '../../src/camunda-worker/index.js';
import { ProcessCompletionService, ProcessModule } from '../../src/process/index.js';
import type { ServiceProcess } from '../../src/processes/index.js';

/** A step of a test; it can complete its process with the given service. */
export type DrawnStep = (
  task: HandlerTask,
  completion: ProcessCompletionService,
) => Record<string, unknown> | Promise<Record<string, unknown>>;

/** A step that completes its process. */
export const completes: DrawnStep = async (task, completion) => {
  await completion.complete({
    correlationId: task.correlationId,
    status: 'ok',
    data: { by: task.topic },
    task,
  });
  return {};
};

/** A process of a test: its `.bpmn` text in a temporary file, and the handlers of its steps by name. */
export function drawnProcess(
  key: string,
  bpmn: string,
  steps: Readonly<Record<string, DrawnStep>>,
): ServiceProcess {
  const file = join(mkdtempSync(join(tmpdir(), 'drawn-')), `${key}.bpmn`);
  writeFileSync(file, bpmn);

  @Module({
    imports: [ProcessModule],
    providers: Object.entries(steps).map(([step, work]) => handlerOf(`${key}.${step}`, work)),
  })
  class DrawnModule {}

  return { definition: { key, steps: Object.keys(steps), bpmn: pathToFileURL(file) }, module: DrawnModule };
}

function handlerOf(topic: string, work: DrawnStep): Type {
  @Topic(topic)
  class DrawnTopic implements TopicHandler {
    constructor(private readonly completion: ProcessCompletionService) {}

    handle(_input: unknown, task: HandlerTask): ReturnType<DrawnStep> {
      return work(task, this.completion);
    }
  }
  return DrawnTopic;
}
