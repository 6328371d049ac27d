/** Private fields on objects that exist already: what `super(object)` of a class that extends this makes possible. Does nothing else. */

/** `class Mark extends Existing { #field … }` puts its fields on the object that it is constructed with, unseen by proxies' traps. */
export class Existing {
  constructor(existing: object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is what it is for
    return existing;
  }
}
