//! What the plain objects are called in TypeScript; `tests/e2e/package.test.mjs` has the compiler hold real ones against it.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What the program throws: an Error that a program can go by. */
export interface GlassbaseError extends Error {
  code: 'syntax' | 'argument' | 'preset' | 'lab' | 'link' | 'trace' | 'position' | 'recorded' | 'limit' | 'unknown' | 'failed' | 'closed' | 'src';
  problems: Problem[];
}

/** A line of a script that is not understood: where, what is wrong, what would be right. */
export interface Problem { line: number; column: number; what: string; remedy: string }

/** Something that happened. `cause` is the index of the record that led to it. */
export interface TraceRecord {
  index: number; timeNs: number; cause: number | null; node: number; lane: string; event: string;
  fields: Record<string, string | number>; caption: string;
}

/** A command that was carried out: its answers, and the positions of the trace before and after it. */
export interface CommandResult { line: number; text: string; answers: string[]; refused: boolean; from: number; to: number }

/** What there is to see at a position of a run. A B+tree is told by its pages, every other lab by its drawing. */
export interface View {
  lab: string; position: number; timeNs: number; caption: string; measures: Record<string, number | null>;
  held: number; failed: number; verdicts: Verdict[];
  root: number; height: number; records: number; pages: TreePage[]; drawing: Drawing | null;
}

export interface Verdict { checker: string; kind: 'holds' | 'violated' | 'gave-up'; text: string }

export interface TreePage {
  id: number; kind: 'meta' | 'leaf' | 'inner' | 'overflow' | 'free'; level: number | null; used: number;
  keys: string[]; children: number[]; next: number;
}

export interface Drawing { width: number; height: number; words: string; shapes: Shape[]; maps: GridMap[] }

/** A shape says what it means (`marks`: "dirty", "durable"), not what colour it has. Equal ids: the same thing. */
export interface Shape {
  id: string; kind: 'rect' | 'line' | 'curve' | 'text' | 'path' | 'dot'; x: number; y: number; width: number; height: number;
  style: string; marks: string[]; text: string; note: string; level: number | null; opacity: number; title: string;
  path: string | null; heads: 'none' | 'end' | 'both'; anchor: 'start' | 'middle' | 'end';
}

export interface GridMap { x: number; y: number; cell: number; gap: number; columns: number; cells: number[]; words: string }

export interface LabInfo {
  name: string; title: string; floor: string; summary: string; commands: WordInfo[]; expectations: WordInfo[];
  settings: { name: string; default: string; help: string }[]; presets: { name: string; title: string; point: string }[];
}

export interface WordInfo { name: string; usage: string; help: string; example: string }
"#;
