// Reads within a typed array's length are never undefined, but `noUncheckedIndexedAccess` cannot know the length. One
// function for each kind of array, so that V8 compiles each for one kind only. Compiled to CommonJS, an imported
// function is looked up at every call, which costs a third of the speed: callers bind them to constants of their own.
export const readF64 = (array: Float64Array, index: number): number => array[index] as number;
export const readI32 = (array: Int32Array, index: number): number => array[index] as number;

export function doubledInts(array: Int32Array) {
  const larger = new Int32Array(2 * array.length);
  larger.set(array);
  return larger;
}

export function doubledFloats(array: Float64Array) {
  const larger = new Float64Array(2 * array.length);
  larger.set(array);
  return larger;
}
