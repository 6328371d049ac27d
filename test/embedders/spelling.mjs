// What words.ts imports.
export const spell = (word) => [...word].join("-");
