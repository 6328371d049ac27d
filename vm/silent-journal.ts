/** A journal that listens to nothing: the base of journals that want only a few of the crossings. It never does anything. */
import type { Journal } from "./host.ts";

type Heard<Name extends keyof Journal> = Parameters<NonNullable<Journal[Name]>>;

/** Extend it and override what you want to be told. */
export class SilentJournal implements Journal {
  moduleAdded(..._heard: Heard<"moduleAdded">): void {}
  hostFuncAdded(..._heard: Heard<"hostFuncAdded">): void {}
  memoryAdded(..._heard: Heard<"memoryAdded">): void {}
  tableAdded(..._heard: Heard<"tableAdded">): void {}
  globalAdded(..._heard: Heard<"globalAdded">): void {}
  tagAdded(..._heard: Heard<"tagAdded">): void {}
  instantiated(..._heard: Heard<"instantiated">): void {}
  called(..._heard: Heard<"called">): void {}
  returned(..._heard: Heard<"returned">): void {}
  trapped(..._heard: Heard<"trapped">): void {}
  hostCalled(..._heard: Heard<"hostCalled">): void {}
  hostReturned(..._heard: Heard<"hostReturned">): void {}
  hostThrew(..._heard: Heard<"hostThrew">): void {}
  exited(..._heard: Heard<"exited">): void {}
  grew(..._heard: Heard<"grew">): void {}
  memoryWritten(..._heard: Heard<"memoryWritten">): void {}
  memoryGrown(..._heard: Heard<"memoryGrown">): void {}
  tableSet(..._heard: Heard<"tableSet">): void {}
  tableGrown(..._heard: Heard<"tableGrown">): void {}
  globalSet(..._heard: Heard<"globalSet">): void {}
  pinned(..._heard: Heard<"pinned">): void {}
}
