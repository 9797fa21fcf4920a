export { type DrawnElement, type DrawnProcess, Drawing, nameOf, type ThrownError } from './drawing.js';
export { readDrawing } from './drawing.reader.js';
