export { BOOT_SIGNAL } from './boot.signal.js';
export { ClockWatch } from './clock.watch.js';
export { CrashGuard } from './crash.guard.js';
export { FatalFaults } from './fatal.faults.js';
export { PeriodicTask } from './periodic-task.js';
export { LifecycleModule } from './lifecycle.module.js';
export { ShutdownService } from './shutdown.service.js';
export { UnhandledErrors } from './unhandled.errors.js';
