export { type DrawnElement, type DrawnProcess, Drawing, nameOf } from './drawing.js';
export { readDrawing } from './drawing.reader.js';
