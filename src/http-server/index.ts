export { ClientErrorAnswers } from './client-error.answers.js';
export { registerHttpContract } from './http-contract.js';
export { SecurityHeaders } from './security-headers.js';
