/** `--import` of this puts our namespace in the place of the engine's, unrecorded: what recording is compared with. */
import { replaceNamespace } from "../cli/namespace-switch.ts";
import { createWebAssembly } from "../jsapi/namespace.ts";

replaceNamespace(createWebAssembly());
