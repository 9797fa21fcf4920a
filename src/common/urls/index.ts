export { describeBaseUrl, describeUrl, maskPath, scrubUrls, type UrlSecrets } from './described-url.js';
