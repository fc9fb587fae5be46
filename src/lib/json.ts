/** What a text of ours says, or whoever wrote it; undefined for one that is no JSON. Its shape is not looked at. */
export function parseJson<T>(text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}
