/** Id of the body of a multi-instance activity, as in Camunda. */
export function bodyIdOf(activityId: string): string {
  return `${activityId}#multiInstanceBody`;
}
