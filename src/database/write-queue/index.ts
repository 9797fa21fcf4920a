export type { WriteKind, WriteOptions } from './write-kind.js';
export {
  WriteQueueClosedError,
  WriteQueueFullError,
  WriteRefusedError,
  WriteWithdrawnError,
} from './write-queue.errors.js';
export { WriteQueueService } from './write-queue.service.js';
