export { readAnswerBody, UnreadableBodyError } from './answer-body.js';
export { callerOf } from './call-owner.js';
export { HttpCallError } from './http-call.error.js';
export { HttpClientModule } from './http-client.module.js';
export { type HttpCall, type HttpCaller, HttpCalls } from './http.calls.js';
export { HttpService } from './http.service.js';
export { DIRECT, OutboundAgent } from './outbound.agent.js';
export { type AbortSignalLike, RequestLimit } from './request-limit.js';
export { TlsFiles } from './tls.files.js';
