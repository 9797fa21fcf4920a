export { canonicalHash, canonicalJson } from './canonical-json.js';
