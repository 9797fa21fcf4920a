import { BootError } from '../../common/errors/index.js';
import type { HandlerTask } from '../task/topic-handler.js';
import type { TopicDeclaration } from './topic.decorator.js';

/** A topic with the handler that works on it. */
export interface RegisteredTopic {
  readonly topic: string;
  readonly declaration: TopicDeclaration;
  /** Last part of the topic. */
  readonly stepName: string;
  /** Position in its process's list of steps, from 1; null if no process lists the topic. */
  readonly step: number | null;
  /** Name of the handler's class. */
  readonly handlerName: string;
  handle(input: unknown, task: HandlerTask): unknown;
}

/** A handler or a process with invalid wiring; stops the boot. */
export class TopicWiringError extends BootError {
  override readonly name = 'TopicWiringError';
}
