import { Module } from '@nestjs/common';
import { WaitroomService } from './waitroom.service.js';

/** Who waits for what. */
@Module({ providers: [WaitroomService], exports: [WaitroomService] })
export class WaitroomModule {}
