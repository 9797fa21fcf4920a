export { TaskDeliveryModule } from './task-delivery.module.js';
export { TaskDeliveryRepository } from './task-delivery.repository.js';
