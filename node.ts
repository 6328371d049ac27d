/** The part of the public interface that needs Node: WASI on node:wasi, and traces in files. Only names are collected here. */
export { FileSink, FileStorage } from "./cli/file-storage.ts";
export { createNodeWasi, type NodeWasi, type NodeWasiOptions, type Preopen } from "./wasi/node.ts";
