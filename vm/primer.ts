/**
 * A module that is validated before the first one. V8 optimizes the loop of check-body.ts for what it has seen of it, and
 * starts over with the first instruction of a form that it has not; this one has each form once. It never runs.
 *
 *     (memory 1)
 *     (global $g (mut i32) (i32.const 0))
 *     (func $give (param i32 i32) (result i32) (local i64)
 *       (block (result i32)
 *         (loop
 *           (br_if 0 (local.tee 1 (i32.load (local.get 0))))
 *           (block (br_if 1 (i32.eqz (local.get 1))) (br 0)))
 *         (drop (br_if 0 (i32.const -1) (select (local.get 1) (i32.const 2) (global.get $g))))
 *         (local.set 2 (i64.const -9223372036854775808))
 *         (if (local.get 0) (then (return (i32.const 134217728))) (else (call $take) (unreachable)))
 *         (br 0 (i32.const -2147483648)))
 *       (if (result i32) (then (i32.const 300)) (else (i32.const 1))))
 *     (func $take (local i32)
 *       (block (br 1))
 *       (global.set $g (call $give (local.get 0) (i32.const 1)))
 *       (f64.store offset=300 (local.get 0) (f64.const 1))
 *       (if (local.get 0) (then (return)))
 *       return)
 */
const HEX = [
  "0061736d01000000010a0260027f7f017f600000030302000105030100010606017f0141000b0a81010257",
  "01017e027f0340200028020022010d0002402001450d010c000b0b417f2001410223001b0d001a42808080",
  "8080808080807f21022000044041808080c0000f051001000b4180808080780c000b047f41ac020541010b",
  "0b2701017f02400c010b2000410110002400200044000000000000f03f3903ac02200004400f0b0f0b",
].join("");

export function primerBytes(): Uint8Array {
  return Uint8Array.from({ length: HEX.length / 2 }, (_, i) => Number.parseInt(HEX.slice(i * 2, i * 2 + 2), 16));
}
