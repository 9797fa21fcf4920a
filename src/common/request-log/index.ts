export { logRequest, logRequests, type RequestLogger } from './request.log.js';
