export { ClientShare, type FullShare } from './client-share.js';
export { countOpenRequests, isAnswering, OpenRequest, openRequestOf } from './open-request.js';
