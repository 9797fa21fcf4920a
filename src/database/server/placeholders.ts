/**
 * Creates a translator of `?` into numbered placeholders, which caches each statement.
 *
 * @param name returns the placeholder of a number
 * @param first number
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
    // Statements with a list of ids have many lengths, so the cache is limited.
    if (known.size < 1_000) known.set(sql, text);
    return text;
  };
}
