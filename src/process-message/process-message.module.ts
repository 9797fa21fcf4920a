import { Module } from '@nestjs/common';
import { ProcessMessageRepository } from './process-message.repository.js';

/** The durable claims of messages that have a `messageId`. */
@Module({ providers: [ProcessMessageRepository], exports: [ProcessMessageRepository] })
export class ProcessMessageModule {}
