export { WaitroomModule } from './waitroom.module.js';
export { type Wait, type WaitEnd, WaitroomService } from './waitroom.service.js';
