import type { InitInput } from './glassbase_core.js';

/** Says where glassbase_core_bg.wasm is, where a bundler has put it elsewhere; before the first lab comes into sight. */
export function wasmFrom(address: InitInput): void;

/** The run and where it stands. */
export interface LabState {
  lab: string; title: string; script: string; position: number; length: number; timeNs: number; playing: boolean;
  working: boolean; asking: boolean; caption: string; held: number; failed: number;
  measures: Record<string, number | null>; message: string | null;
}

/** What is to be opened: a script, a trace, a shared link, a preset, or a lab's first preset. */
export interface Opening { script?: string; trace?: string; src?: string; link?: string; preset?: string; lab?: string }

export interface Step { position: number; length: number; caption: string; event?: string; timeNs?: number }
export interface Mark { position: number; by: string; text: string }
/** By "expect", or by a "scenario" of the stack: that one has a name, and says what was scored, of 1000, and at what cost. */
export interface Goal extends Mark { name?: string; score?: number; cost?: number; budget?: number }

export interface GlassbaseLabEvents {
  ready: CustomEvent<LabState>;
  step: CustomEvent<Step>;
  goal: CustomEvent<Goal>;
  violation: CustomEvent<Mark>;
  error: CustomEvent<{ code: string; message: string }>;
}

/** `<glassbase-lab>`. Promises are kept when all is carried out, or broken with an Error that has a `code`. */
export interface GlassbaseLab extends HTMLElement {
  run(lines: string): Promise<LabState>;
  open(what: Opening): Promise<LabState>;
  step(events?: number): Promise<LabState>;
  seek(position: number | 'start' | 'end'): Promise<LabState>;
  fork(position?: number): Promise<LabState>;
  play(): Promise<LabState>;
  pause(): Promise<LabState>;
  reveal(): Promise<LabState>;
  speed(factor: 0.1 | 0.25 | 0.5 | 1 | 2 | 5 | 10 | 25 | 100): Promise<LabState>;
  state(): Promise<LabState>;
  addEventListener<K extends keyof GlassbaseLabEvents>(type: K, listener: (event: GlassbaseLabEvents[K]) => void): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject): void;
}

declare global {
  interface HTMLElementTagNameMap {
    'glassbase-lab': GlassbaseLab;
  }
}
