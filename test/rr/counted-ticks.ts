/** Counts what a timeline runs to get somewhere. */
import type { Timeline } from "../../rr/timeline.ts";

/** The ticks that the timeline's engine has run since; it counts from here on. */
export function countTicks({ engine }: Timeline): () => number {
  const { run } = engine;
  let ran = 0;
  engine.run = async (goal, pass) => {
    const from = engine.position.tick;
    const stop = await run.call(engine, goal, pass);
    ran += engine.position.tick - from;
    return stop;
  };
  return () => ran;
}
