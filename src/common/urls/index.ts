export { describeBaseUrl, describeUrl, scrubUrls, type UrlSecrets } from './described-url.js';
