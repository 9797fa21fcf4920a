/** Id of the body of a multi-instance activity, as Camunda gives it. */
export function bodyIdOf(activityId: string): string {
  return `${activityId}#multiInstanceBody`;
}
