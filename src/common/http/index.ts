export { readBounded } from './bounded-body.js';
export {
  type CallRecorder,
  currentCallRecorder,
  type HttpCall,
  runWithCallRecorder,
} from './call-recorder.js';
export { HttpCallError } from './http-call.error.js';
export { HttpClientModule } from './http-client.module.js';
export { type HttpAnswer, type HttpMethod, type HttpOptions, HttpService } from './http.service.js';
export { RequestLimit } from './request-limit.js';
