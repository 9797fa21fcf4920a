export {
  ERROR_CODE_PATTERN,
  isOwnCode,
  RESERVED_ERROR_CODES,
  SERVICE_CODES,
  toOwnCode,
} from './error-codes.js';
