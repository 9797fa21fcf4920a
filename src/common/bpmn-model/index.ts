export { type BpmnElement, type BpmnProcess, BpmnModel, nameOf } from './bpmn-model.js';
export { readBpmnModel } from './bpmn-model.reader.js';
