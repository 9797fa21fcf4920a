import { Module } from '@nestjs/common';
import { TaskDeliveryRepository } from './task-delivery.repository.js';

/** The durable counts of deliveries that took a process of this service down. */
@Module({ providers: [TaskDeliveryRepository], exports: [TaskDeliveryRepository] })
export class TaskDeliveryModule {}
