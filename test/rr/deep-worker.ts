/**
 * Records a ping-pong of host and wasm, so many levels deep as it is told, in a thread with a large native stack: what
 * records it nests natively, what replays it does not. Answers the trace, or what went wrong.
 */
import { parentPort, workerData } from "node:worker_threads";
import { recordPingPong } from "./ping-pong.ts";

const { bytes, result } = recordPingPong(workerData as number);
parentPort!.postMessage({ bytes, result });
