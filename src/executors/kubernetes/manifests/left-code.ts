/** Name of the init container that looks at what the user's own handler of this step left. */
export function leftName(index: number): string {
  return `bowline-left-${index}`;
}
