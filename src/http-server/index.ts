export { CertificateReloader, readPair } from './certificate.reloader.js';
export { ClientErrorAnswers } from './client-error.answers.js';
export { registerHttpContract } from './http-contract.js';
export { serverOptions } from './server.options.js';
export { SecurityHeaders } from './security-headers.js';
