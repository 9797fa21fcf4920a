export { logRequests } from './request.log.js';
