export type { OutcomeHint } from './hints.js';
export { WAKE_UP_TRANSPORT } from './wake-up.transport.js';
export { WakeUpsModule } from './wake-ups.module.js';
export { WakeUpsService } from './wake-ups.service.js';
