export { ClientShare, type FullShare } from './client-share.js';
export { countOpenRequests, isAnswering, openRequestOf } from './open-request.js';
