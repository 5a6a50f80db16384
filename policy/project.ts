/**
 * Whether two names of a project may mean the same one: either is not known, or one is the project's id and the other its
 * number, which nothing in a program compares.
 */
export function mayBeSameProject(a: string | undefined, b: string | undefined): boolean {
  const isNumber = (project: string) => /^\d+$/.test(project);
  return !a || !b || a === b || isNumber(a) !== isNumber(b);
}
