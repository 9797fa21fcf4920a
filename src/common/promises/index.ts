export { TurnBudget } from './turn-budget.js';
export { withinTime } from './within-time.js';
