/** Waits for both, so that no git is left running in a folder that is about to be removed; then throws the first error. */
export async function bothOrFirstError<A, B>(a: Promise<A>, b: Promise<B> | B): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return Promise.all([a, b]);
}
