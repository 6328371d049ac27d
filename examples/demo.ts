/**
 * `npm run demo`: records the sample program (examples/guests/parcels.c), replays it, travels in the recording and finds the
 * program's bug from its symptom backward. The command line does the recording; the library does the detective work.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { disassembleFunction, hexDump, Inspector, MemoryStorage, Symbols, Timeline } from "rewasm";

const PROGRAM = "examples/guests/parcels.wasm";
/** Another place for the trace may be given as an argument. */
const TRACE = process.argv[2] ?? "parcels.rrw";
/** `struct parcel` of the sample: number, label[12], grams. */
const PARCEL_BYTES = 20;
const LABEL_AT = 4;
const GRAMS_AT = 16;
const SHELF = 48;

const colourful = process.stdout.isTTY === true;

function say(text = ""): void {
  writeSync(1, `${text}\n`);
}

function title(text: string): void {
  say();
  say(colourful ? `\x1b[1;36m${text}\x1b[0m` : `== ${text}`);
}

/** At most `most` lines: the first and the last ones, with a note in place of the others. */
function abridged(lines: readonly string[], most: number): string[] {
  if (lines.length <= most) return [...lines];
  return [...lines.slice(0, 2), `… ${lines.length - most + 1} lines …`, ...lines.slice(3 - most)];
}

/** Runs a command of rewasm as a user would, and answers what it printed; the demo goes on when the program traps. */
function rewasm(...args: string[]): string {
  say(colourful ? `\x1b[32m$ rewasm ${args.join(" ")}\x1b[0m` : `$ rewasm ${args.join(" ")}`);
  const main = fileURLToPath(new URL("../package/cli/main.js", import.meta.url));
  const { stdout, stderr, status, error } = spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });
  if (error !== undefined) throw error;
  const lines = [...stdout.split("\n"), ...stderr.split("\n")].filter((line) => line !== "");
  for (const line of abridged(lines, 14)) say(`    ${line}`);
  if (status !== 0) say(`    (exit code ${status})`);
  return stdout + stderr;
}

interface Parcel {
  readonly byteAddr: number;
  readonly number: number;
  readonly label: string;
  readonly grams: number;
}

/** Text up to the first zero byte. */
function cString(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).split("\0", 1)[0]!;
}

/** The parcel in place `place` of the shelf, as it is where the cursor stands. */
function parcelAt(timeline: Timeline, place: number): Parcel {
  const { store } = timeline;
  const exported = store.instances[0]!.module.exports.find(({ name }) => name === "parcels")!;
  const slot = store.globals[store.instances[0]!.globalAddrs[exported.index]!]!.slot;
  const byteAddr = store.globalI32[slot * 2]! + place * PARCEL_BYTES;
  const memory = store.memories[0]!;
  const label = cString(memory.bytes.subarray(byteAddr + LABEL_AT, byteAddr + GRAMS_AT));
  return { byteAddr, number: memory.view.getInt32(byteAddr, true), label, grams: memory.view.getInt32(byteAddr + GRAMS_AT, true) };
}

function describe(timeline: Timeline, { number, label, grams }: Parcel): string {
  const at = `tick ${String(timeline.position.tick).padStart(8)}`;
  return `    ${at}: parcel ${number}, to ${JSON.stringify(label)}, ${grams} g`;
}

function record(): string {
  title("1. A program fails");
  say("A parcel counter weighs and labels parcels; in the evening a scale checks the van. Weights and cities are random.");
  const recorded = rewasm("record", "-o", TRACE, PROGRAM);
  say("Grams got lost, somewhere in the past. Running it again does not help: it fails in another way each time.");
  rewasm("run", PROGRAM);
  return recorded;
}

function replay(recorded: string): void {
  title("2. The recording fails in the same way, always");
  const replayed = rewasm("replay", TRACE);
  if (replayed !== recorded) throw new Error("the replay printed something else");
  say("The same to the last byte, and no host took part: the trace holds what the random numbers were.");
  rewasm("info", TRACE);
}

async function travel(timeline: Timeline): Promise<void> {
  title("3. Every moment is a place to go to");
  for (const position of ["start", "50%", "end", "25%", "#20"]) {
    await timeline.seekTo(position);
    const { tick, event } = timeline.position;
    const inside = new Inspector(timeline.store, new Symbols(timeline.store)).location();
    say(`    ${position.padStart(6)}: tick ${tick}, event #${event}, in ${inside?.name ?? "no function"}`);
  }
  await timeline.seekTo("50%");
  const direct = timeline.stateHash();
  await timeline.step(1000);
  await timeline.reverseStep(1000);
  say(`    the machine's state at 50%:                      ${direct.slice(0, 32)}…`);
  say(`    and after 1000 steps forward, 1000 steps back:   ${timeline.stateHash().slice(0, 32)}…`);
  if (timeline.stateHash() !== direct) throw new Error("stepping back did not lead back");
}

/** Goes to the trap and answers which place of the shelf holds a parcel without weight. */
async function findSymptom(timeline: Timeline): Promise<number> {
  title("4. The symptom");
  await timeline.seekTo("start");
  const stop = await timeline.continue();
  say(`Ran to the ${stop} at tick ${timeline.position.tick}. The calls, innermost first:`);
  const inspector = new Inspector(timeline.store, new Symbols(timeline.store));
  for (const { level, name, wasmOffset } of inspector.backtrace()) say(`    ${level}: ${name} at 0x${(wasmOffset ?? 0).toString(16)}`);
  for (let place = 0; place < SHELF; place++) {
    const parcel = parcelAt(timeline, place);
    if (parcel.number > 0 && parcel.grams === 0) {
      say(`One parcel in memory weighs nothing, though the counter weighed it:`);
      say(describe(timeline, parcel));
      return place;
    }
  }
  throw new Error("no parcel has lost its weight");
}

/** Halves the past until the very instruction that took the weight is found; leaves the cursor behind it. */
async function findCause(timeline: Timeline, place: number): Promise<void> {
  title("5. When did it lose its weight? Ask the past");
  const lost = parcelAt(timeline, place);
  const isLost = ({ number, label, grams }: Parcel): boolean => number === lost.number && label === lost.label && grams === 0;
  let goodTick = 0;
  let badTick = timeline.position.tick;
  while (badTick - goodTick > 1) {
    const middle = Math.floor((goodTick + badTick) / 2);
    await timeline.seekTick(middle);
    const parcel = parcelAt(timeline, place);
    say(describe(timeline, parcel));
    if (isLost(parcel)) badTick = middle;
    else goodTick = middle;
  }
  await timeline.seekTick(badTick);
  say(`It was the instruction before tick ${badTick}.`);
}

function showInstructions(timeline: Timeline): void {
  const { store } = timeline;
  const here = new Inspector(store, new Symbols(store)).location()!;
  const instructions = [...disassembleFunction(store.instances[0]!.module, here.function!)];
  const at = instructions.findIndex(({ wasmOffset }) => wasmOffset === here.wasmOffset);
  for (const { wasmOffset, text } of instructions.slice(Math.max(0, at - 3), at + 3)) {
    say(`    ${wasmOffset === here.wasmOffset ? "=>" : "  "} 0x${wasmOffset.toString(16)}  ${text}`);
  }
}

function showBytes(timeline: Timeline, place: number): void {
  const { byteAddr } = parcelAt(timeline, place);
  for (const line of hexDump(timeline.store.memories[0]!.bytes.slice(byteAddr, byteAddr + PARCEL_BYTES), byteAddr)) say(`    ${line}`);
}

async function stepBack(timeline: Timeline, place: number): Promise<void> {
  title("6. Step backward over it");
  await timeline.reverseStep();
  const inspector = new Inspector(timeline.store, new Symbols(timeline.store));
  say(
    `One step back, in ${inspector
      .backtrace()
      .map(({ name }) => name)
      .slice(0, 2)
      .join(", called by ")}:`,
  );
  showInstructions(timeline);
  say(describe(timeline, parcelAt(timeline, place)));
  showBytes(timeline, place);
  await timeline.step();
  say("One step forward, and the store of a single byte has changed the field behind the label:");
  say(describe(timeline, parcelAt(timeline, place)));
  showBytes(timeline, place);
}

async function reverseContinue(timeline: Timeline): Promise<void> {
  title("7. Run backward to the call");
  const symbols = new Symbols(timeline.store);
  timeline.setBreakpoints(symbols.findPlaces("write_label"));
  const stop = await timeline.reverseContinue();
  const inspector = new Inspector(timeline.store, symbols);
  say(`reverse-continue: ${stop} at tick ${timeline.position.tick}, in ${inspector.location()!.name}`);
  const [parcel, city] = inspector.locals().map(({ bits }) => Number(bits));
  const text = cString(inspector.memory(city!, 32));
  say(`    write_label(parcel = 0x${parcel!.toString(16)}, city = 0x${city!.toString(16)} ${JSON.stringify(text)})`);
  say(`${text} has ${text.length} letters. char label[12] has no room for the zero byte behind them:`);
  say("it lands in the low byte of grams. Every weight here is below 256 g, so nothing is left of it. Found.");
}

function farewell(): void {
  title("Your turn");
  say(`The recording is in ${TRACE}. Try:`);
  for (const command of [
    `replay ${TRACE}`,
    `replay ${TRACE} --goto 50% --state-hash`,
    `dump ${TRACE} | head -40`,
    `debug ${TRACE}      # then: break write_label, continue, bt, step, reverse-step, reverse-continue, help`,
    `disasm ${PROGRAM} --func write_label`,
    "--help",
  ]) {
    say(`    npx rewasm ${command}`);
  }
}

async function main(): Promise<void> {
  replay(record());
  const timeline = await Timeline.open(new MemoryStorage(new Uint8Array(readFileSync(TRACE))));
  await travel(timeline);
  const place = await findSymptom(timeline);
  await findCause(timeline, place);
  await stepBack(timeline, place);
  await reverseContinue(timeline);
  farewell();
}

await main();
