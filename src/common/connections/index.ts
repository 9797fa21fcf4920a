export { ClientShare, type FullShare } from './client-share.js';
export { countOpenRequests, OpenRequest, openRequestOf } from './open-request.js';
