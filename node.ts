/** The part of the public interface that needs Node: WASI on node:wasi and preview2-shim, and traces in files. Only names are collected here. */
export { FileSink, FileStorage } from "./cli/file-storage.ts";
export { loadGenerator, loadPreview2, type Preview2Shim } from "./component/node-tools.ts";
export { type Preview2Options, preview2Imports } from "./component/node-wasi.ts";
export { createNodeWasi, type NodeWasi, type NodeWasiOptions, type Preopen } from "./wasi/node.ts";
