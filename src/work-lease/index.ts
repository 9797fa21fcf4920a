export { WorkLease, WorkLeaseLostError } from './work-lease.js';
export { WorkLeaseModule } from './work-lease.module.js';
export { WorkLeaseService } from './work-lease.service.js';
