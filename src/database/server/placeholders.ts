/**
 * Makes a translator of `?` into numbered placeholders, which remembers each statement: there are few, in few sizes.
 *
 * @param name of the placeholder at a place
 * @param first the number of the first place
 */
export function numberedPlaceholders(
  name: (place: number) => string,
  first: number,
): (sql: string) => string {
  const known = new Map<string, string>();
  return (sql) => {
    const translated = known.get(sql);
    if (translated !== undefined) return translated;
    let place = first;
    const text = sql.replaceAll('?', () => {
      place += 1;
      return name(place - 1);
    });
    // Statements with a list of ids come in many lengths; those that are remembered must not add up.
    if (known.size < 1_000) known.set(sql, text);
    return text;
  };
}
