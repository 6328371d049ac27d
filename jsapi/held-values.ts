/**
 * Which JavaScript values wasm may still hold: everything in the store that could be a reference to one. It may find more
 * than there are, since a number may look like a reference; it never misses one. It changes nothing.
 */
import { CELL_WORDS, isTraced } from "../vm/layout.ts";
import type { Machine } from "../vm/machine.ts";

/**
 * Tells `mark` every reference to a value of JavaScript in the machine. To be called when none is on its way between the two,
 * and the machine waits for the host. Cost: tables and globals of references, and the value stack in use.
 */
export function markHeldValues(machine: Machine, mark: (ref: number) => void): void {
  const { store } = machine;
  const { types } = store.types;
  for (const { elemType, elements } of store.tables) {
    if (isTraced(types, elemType)) for (let i = 0; i < elements.length; i++) mark(elements[i]!);
  }
  for (const { type, slot } of store.globals) {
    if (isTraced(types, type.valType)) mark(store.globalI32[slot * 2]!);
  }
  for (const { module, elemRefs } of store.instances) {
    for (const [segment, { elemType }] of module.elems.entries()) {
      if (isTraced(module.types, elemType)) for (const ref of elemRefs[segment]!) mark(ref);
    }
  }
  const { words, topCell } = store.heap;
  for (let word = 0; word < topCell * CELL_WORDS && word < words.length; word++) mark(words[word]!);
  // Which slots of frames hold references is not looked up: most numbers there are none that count.
  const { i32 } = store;
  const end = machine.argSlot;
  for (let slot = 0; slot < end; slot++) mark(i32[slot * 2]!);
}
