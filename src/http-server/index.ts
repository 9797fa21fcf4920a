export { ClientErrorAnswers } from './client-error.answers.js';
export { registerHttpContract } from './http-contract.js';
