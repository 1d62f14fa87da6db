// <glassbase-lab>: a lab between the paragraphs of somebody else's page.
//
//   <glassbase-lab lab="btree" height="420">insert 20
//   insert 10</glassbase-lab>
//
//   page ─ <glassbase-lab> ─ shadow root ─ .glass ─ the app         one program for all elements of the page, one root each
//
// Attributes: `script` (or the text inside), `src` (the address of a script or a trace), `link` (a shared link), `preset`, `lab`;
// `height`, `theme`, `lock`, `answers="hidden"`, `play="no"`. Methods: run, open, step, seek, fork, play, pause, reveal, speed,
// state; each gives a promise of the state once all is carried out, or of an Error with a `code`. Events: ready, step, goal,
// violation, error.
//
// Nothing is written to the page but the element itself: keys are heard while the focus is inside, the address stays, and
// styles go neither in nor out.

/** Longest text that is fetched, in bytes: the largest file that the program opens. */
const FETCHED_MAX = 64 << 20;
/** Below so many pixels there is no room for a stage. */
const HEIGHT_LEAST = 240;
/** What an element opens, in the order in which it is asked for. */
const OPENED = ['script', 'src', 'link', 'preset', 'lab'];
/** What needs a new app. */
const MOUNTED = ['lock', 'answers', 'play'];

/** What stands around the app. Before the app's own styles, which it leaves as they are. */
const FRAME = `
  :host { display: block; position: relative; box-sizing: border-box; overflow: hidden; border: 1px solid #8a92a066; border-radius: 6px; }
  :host([hidden]) { display: none; }
  .glass { all: initial; --rem: clamp(14px, 12.6px + 0.1vw, 18px); position: absolute; inset: 0; display: block; overflow: hidden;
    container: glass / size; background: var(--ground); color: var(--ink); font: var(--rem)/1.45 var(--sans);
    font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%; }
  .glass > .shell.embed { height: 100%; }
  .glass .stage-room { touch-action: pan-y; }
  .glass .skip { position: absolute; }
  .before { position: absolute; inset: 0; display: grid; place-content: center; padding: 16px; text-align: center;
    font: 15px/1.45 system-ui, sans-serif; color: #5b6270; background: #fafaf7; }
`;

/**
 * The styles of the whole page, made to fit a shadow root: what they say of the root is said of the app's own root, sizes go by
 * that root's letters, and what depends on the size of the window depends on the size of the element.
 */
export function scoped(css) {
  return css
    .replace(/:root/g, '.glass')
    .replace(/(\d*\.?\d+)rem\b/g, 'calc($1 * var(--rem))')
    .replace(/@media\s*(?=(?:\((?:max-|min-)?(?:width|height)\b[^)]*\)(?:\s*and\s*)?)+\s*\{)/g, '@container glass ');
}

/** An Error with a code, as the program throws them. */
function problem(code, message) {
  return Object.assign(new Error(message), { code, problems: [] });
}

const closed = () => problem('closed', 'The lab was taken off the page.');

/** The text at an address, which may be relative to the page's, unless it is too long. */
export async function fetchText(address) {
  let [url, response] = [];
  try {
    url = new URL(address, document.baseURI);
  } catch {
    throw problem('src', `"${address}" is no address.`);
  }
  try {
    response = await fetch(url);
  } catch {
    throw problem('src', `${url} could not be fetched: is it there, and may this page read it?`);
  }
  if (!response.ok) throw problem('src', `${url} could not be fetched: the server says ${response.status}.`);
  const [parts, decoder] = [[], new TextDecoder()];
  let length = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > FETCHED_MAX) {
      await reader.cancel();
      throw problem('limit', `${url} is longer than ${FETCHED_MAX >> 20} MiB: that is the most that can be opened.`);
    }
    parts.push(decoder.decode(value, { stream: true }));
  }
  return parts.join('') + decoder.decode();
}

/** What a fetched text is. */
const opened = (text) => ({ [text.startsWith('glassbase-trace') ? 'trace' : 'script']: text });

/** The height at which an embedded lab stands well: the stage by its width, and what is around it as it is. */
function naturalHeight(glass) {
  const heightOf = (selector) => glass.querySelector(selector)?.offsetHeight ?? 0;
  const stage = Math.min(Math.max(glass.clientWidth * 0.5, 240), 440);
  return Math.ceil(stage + heightOf('.caption') + heightOf('.asking') + heightOf('.transport'));
}

/** Tells a height whenever it has grown, or the width has changed: a caption of one line less is no reason to move the page. */
export function watchHeight(glass, tell) {
  let [width, height] = [0, 0];
  const look = () => {
    if (!glass.clientWidth) return;
    const now = naturalHeight(glass);
    if (glass.clientWidth === width && now <= height) return;
    [width, height] = [glass.clientWidth, now];
    tell(height);
  };
  const sizes = new ResizeObserver(look);
  for (const element of [glass, ...glass.querySelectorAll('.caption, .transport')]) sizes.observe(element);
  look();
  return () => sizes.disconnect();
}

/**
 * Defines the element. `load` gives a promise of `{ program, styles }`: the module of the program, instantiated, and the text of
 * its style sheets. It is called when the first element comes near the visible part of the page, and once.
 */
export function define(load, name = 'glassbase-lab') {
  let loaded;
  const loadOnce = () => {
    loaded ??= load().then(({ program, styles }) => {
      const sheets = [FRAME, ...styles.map(scoped)].map((css) => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(css);
        return sheet;
      });
      return { program, sheets };
    });
    // What could not be fetched once may be there the next time.
    loaded.catch(() => {
      loaded = undefined;
    });
    return loaded;
  };

  class GlassbaseLab extends HTMLElement {
    static observedAttributes = [...OPENED, ...MOUNTED, 'height', 'theme'];

    #before = document.createElement('div');
    /** Its height: a rule of its own, so that a rule of the page's goes before. */
    #size = new CSSStyleSheet();
    /** The app, while there is one; a promise of it from the moment it is asked for. */
    #lab = null;
    #mounting = null;
    #hasFailed = false;
    #near = null;
    #unwatch = null;
    #natural = 0;
    /** Counts what is opened, so that what comes late is not opened over what came after it. */
    #turn = 0;
    #plays = { seen: false, by: null };
    #changes = new Set();
    /** How those are told that wait, should the app go. */
    #givenUp = new Set();

    constructor() {
      super();
      const shadow = this.attachShadow({ mode: 'open' });
      this.#before.className = 'before';
      this.#before.setAttribute('role', 'status');
      const style = new CSSStyleSheet();
      style.replaceSync(FRAME);
      shadow.adoptedStyleSheets = [style, this.#size];
      shadow.append(this.#before);
    }

    connectedCallback() {
      this.#fit();
      this.#before.textContent ||= 'Loading the lab';
      this.#near ??= new IntersectionObserver((entries) => this.#moved(entries.at(-1)), { rootMargin: '300px', threshold: [0, 0.5] });
      this.#near.observe(this);
    }

    disconnectedCallback() {
      // An element that is only moved is connected again at once.
      queueMicrotask(() => this.isConnected || this.#unmount());
    }

    attributeChangedCallback(attribute, before, now) {
      if (before === now) return;
      if (attribute === 'height') this.#fit();
      else if (!this.#mounting) {
        if (this.#hasFailed) this.#mount().catch(() => {});
      }
      else if (attribute === 'theme') this.#call('theme', now ?? '').catch((error) => this.#fail(error));
      else this.#changed(attribute);
    }

    /** Attributes that change together are one change. */
    #changed(attribute) {
      if (this.#changes.size === 0) {
        queueMicrotask(() => {
          const needsNew = MOUNTED.some((one) => this.#changes.has(one));
          this.#changes.clear();
          if (this.#mounting) needsNew ? this.#remount() : this.#reopen();
        });
      }
      this.#changes.add(attribute);
    }

    /** Adds lines to the script, and plays what they do. */
    run(lines) {
      return this.#call('run', lines);
    }

    /** Opens another run: `{ script }`, `{ trace }`, `{ src }`, `{ link }`, `{ preset, lab }` or `{ lab }`. */
    async open(what) {
      const state = await this.#call('open', what?.src ? opened(await fetchText(what.src)) : what);
      return this.#plays.seen && this.getAttribute('play') !== 'no' ? this.#call('play') : state;
    }

    /** One event on, or so many, or back. */
    step(events = 1) {
      return this.#call('step', events);
    }

    /** To a position, to "start" or to "end". */
    seek(position) {
      return this.#call('seek', position);
    }

    /** Cuts the run at a position, or where it stands, so that it can go on differently. */
    fork(position) {
      return this.#call('fork', position);
    }

    play() {
      return this.#call('play');
    }

    pause() {
      return this.#call('pause');
    }

    /** Shows the answer of the question that is asked. */
    reveal() {
      return this.#call('reveal');
    }

    speed(factor) {
      return this.#call('speed', factor);
    }

    /** The run and where it stands, as plain data. */
    state() {
      return this.#call('state');
    }

    async #call(name, argument) {
      const lab = await this.#mount();
      return this.#pending((resolve, reject) => lab.call(name, argument, resolve, reject));
    }

    /** A promise that is given up when the app is. */
    #pending(begin) {
      let giveUp;
      const promise = new Promise((resolve, reject) => {
        giveUp = reject;
        this.#givenUp.add(giveUp);
        begin(resolve, reject);
      });
      return promise.finally(() => this.#givenUp.delete(giveUp));
    }

    #mount() {
      if (!this.isConnected) return Promise.reject(closed());
      this.#mounting ??= this.#mountNow().catch((error) => {
        [this.#mounting, this.#hasFailed] = [null, true];
        this.#fail(error);
        throw error;
      });
      // Who waits for it hears of it; nobody may be waiting.
      this.#mounting.catch(() => {});
      return this.#mounting;
    }

    async #mountNow() {
      const turn = ++this.#turn;
      const [{ program, sheets }, options] = await Promise.all([loadOnce(), this.#options()]);
      if (turn !== this.#turn) throw closed();
      const glass = document.createElement('div');
      glass.className = 'glass';
      // Who clicks into a lab means its keys, too. What takes the focus itself has it by then.
      glass.addEventListener('click', () => this.shadowRoot.activeElement ?? glass.querySelector('.middle')?.focus({ preventScroll: true }));
      const theme = this.getAttribute('theme');
      if (theme) glass.dataset.theme = theme;
      this.shadowRoot.adoptedStyleSheets = [...sheets, this.#size];
      this.shadowRoot.replaceChildren(glass);
      return this.#pending((resolve) => {
        // The program is in the middle of its work when it tells something; who hears of it may ask for more.
        const tell = (word, detail) => queueMicrotask(() => {
          if (word === 'failed') return this.#fail(problem('failed', `Glassbase has failed: ${detail}`));
          if (turn !== this.#turn) return;
          if (word === 'ready') {
            this.#unwatch = watchHeight(glass, (height) => {
              this.#natural = height;
              this.#fit();
            });
            resolve(this.#lab);
          }
          this.dispatchEvent(new CustomEvent(word, { detail }));
        });
        this.#lab = new program.Lab(glass, options, tell);
      });
    }

    /** What the attributes ask for. Labs begin to play when they are seen. */
    async #options() {
      const attribute = (name) => this.getAttribute(name) ?? '';
      const options = { lock: attribute('lock'), answers: attribute('answers'), play: 'no' };
      return Object.assign(options, await this.#opening());
    }

    async #opening() {
      const opening = { lab: this.getAttribute('lab') ?? '' };
      if (this.hasAttribute('script')) opening.script = this.getAttribute('script');
      else if (this.hasAttribute('src')) {
        Object.assign(opening, opened(await fetchText(this.getAttribute('src'))));
      } else if (this.hasAttribute('link')) opening.link = this.getAttribute('link');
      else if (this.hasAttribute('preset')) opening.preset = this.getAttribute('preset');
      else if (this.textContent.trim()) opening.script = this.textContent.trim();
      return opening;
    }

    async #reopen() {
      const turn = this.#turn;
      try {
        const opening = await this.#opening();
        if (turn === this.#turn) await this.open(opening);
      } catch (error) {
        this.#fail(error);
      }
    }

    #remount() {
      this.#unmount();
      // Whether it is in sight is told anew, so that the new app plays too.
      this.#near.unobserve(this);
      this.#near.observe(this);
      this.#mount().catch(() => {});
    }

    #unmount() {
      this.#turn += 1;
      for (const giveUp of this.#givenUp) giveUp(closed());
      this.#unwatch?.();
      this.#lab?.close();
      [this.#lab, this.#mounting, this.#unwatch] = [null, null, null];
      this.#plays = { seen: false, by: null };
      if (!this.isConnected) this.#near?.disconnect();
    }

    /** Mounts when it comes near; plays when it is seen for the first time, and rests while it is out of sight. */
    #moved(entry) {
      if (entry.isIntersecting && !this.#mounting) this.#mount().catch(() => {});
      const seen = entry.intersectionRatio >= 0.5 || entry.intersectionRect.height >= innerHeight * 0.5;
      if (seen === this.#plays.seen || this.getAttribute('play') === 'no' || !this.#mounting) return;
      this.#plays.seen = seen;
      this.#follow(seen).catch(() => {});
    }

    async #follow(seen) {
      const { playing } = await this.state();
      if (!seen && playing) {
        this.#plays.by = 'sight';
        await this.#call('pause');
      } else if (seen && this.#plays.seen && (this.#plays.by === null || this.#plays.by === 'sight')) {
        this.#plays.by = 'seen';
        await this.#call('play');
      }
    }

    #fit() {
      const wanted = this.getAttribute('height')?.trim();
      const height = wanted && (/^\d+(\.\d+)?$/.test(wanted) ? `${Math.max(wanted, HEIGHT_LEAST)}px` : wanted);
      const fits = height && CSS.supports('height', height);
      this.#size.replaceSync(`:host { height: ${fits ? height : `${this.#natural || 440}px`}; }`);
    }

    #fail(error) {
      if (error.code === 'closed') return;
      if (!this.#lab || error.code === 'failed') {
        this.#before.textContent = error.message;
        this.#before.setAttribute('role', 'alert');
        this.shadowRoot.replaceChildren(this.#before);
      }
      this.dispatchEvent(new CustomEvent('error', { detail: { code: error.code, message: error.message } }));
    }
  }

  if (!customElements.get(name)) customElements.define(name, GlassbaseLab);
}
