export { describeBaseUrl, describeUrl, scrubUrls, type UrlSecrets } from './described-url.js';
export { parseRedisUrl, REDIS_URL_FORM } from './redis-url.js';
