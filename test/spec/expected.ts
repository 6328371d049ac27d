/**
 * Commands of the suite that are known to fail, by file and line, with the reason. A command listed here that passes
 * fails the test, and so does one that is not run at all: the list only ever tells the truth.
 */
export const EXPECTED_FAILURES: Readonly<Record<string, Readonly<Record<number, string>>>> = {};
