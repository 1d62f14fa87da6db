export * from './glassbase_core.js';
import type { InitInput, Session, TraceRecord } from './glassbase_core.js';

/** To be awaited before all else. In a browser `wasm` is the address of glassbase_core_bg.wasm, where a bundler has put it elsewhere. */
export function ready(wasm?: InitInput): Promise<void>;

/** The records of a run one by one, fetched in slices. */
export function trace(session: Session, slice?: number): Generator<TraceRecord, void>;
