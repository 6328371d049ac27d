// AssemblyScript: Conway's game of life on a 128 x 128 torus, `n` generations; answers the population.
const SIZE: i32 = 128;
let cells = new StaticArray<u8>(SIZE * SIZE);
let next = new StaticArray<u8>(SIZE * SIZE);

function seed(): void {
  let state: u32 = 42;
  for (let i = 0; i < SIZE * SIZE; i++) {
    state = state * 1664525 + 1013904223;
    cells[i] = <u8>(state >> 31);
  }
}

function generation(): void {
  for (let y = 0; y < SIZE; y++) {
    const above = ((y - 1) & (SIZE - 1)) * SIZE;
    const row = y * SIZE;
    const below = ((y + 1) & (SIZE - 1)) * SIZE;
    for (let x = 0; x < SIZE; x++) {
      const left = (x - 1) & (SIZE - 1);
      const right = (x + 1) & (SIZE - 1);
      const around =
        cells[above + left] + cells[above + x] + cells[above + right] +
        cells[row + left] + cells[row + right] +
        cells[below + left] + cells[below + x] + cells[below + right];
      next[row + x] = <u8>(around == 3 || (around == 2 && cells[row + x] == 1));
    }
  }
  const spare = cells;
  cells = next;
  next = spare;
}

export function run(n: i32): i32 {
  seed();
  for (let i = 0; i < n; i++) generation();
  let population = 0;
  for (let i = 0; i < SIZE * SIZE; i++) population += cells[i];
  return population;
}
