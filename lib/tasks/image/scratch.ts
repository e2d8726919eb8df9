type Numbers = Float32Array | Float64Array;

/**
 * Room for numbers that the next image may overwrite. Arrays of its own for each image cost more to collect than to fill, and a
 * batch of small images fills the memory with them.
 * @returns gives the first so many numbers of the room, with whatever stands there
 */
export function scratch<T extends Numbers>(type: new (length: number) => T): (length: number) => T {
  let room = new type(0);
  return (length) => {
    if (room.length < length) room = new type(length);
    return room.subarray(0, length) as T;
  };
}
