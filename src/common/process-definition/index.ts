export { PROCESS_DEFINITIONS, type ProcessDefinition, topicOf } from './process-definition.js';
